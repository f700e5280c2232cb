import clsx from "clsx";
import type { ComponentProps } from "react";

const BASE =
  "inline-flex items-center justify-center gap-2 rounded-md text-sm font-medium whitespace-nowrap " +
  "transition-colors duration-120 ease-out disabled:border-line disabled:bg-line/40 disabled:text-ink-soft pointer-coarse:min-h-11 pointer-coarse:min-w-11";

const VARIANTS = {
  primary: "bg-accent text-on-fill enabled:hover:bg-accent-strong",
  outline: "border border-line bg-surface text-ink enabled:hover:border-line-strong",
  danger: "border border-line bg-surface text-danger enabled:hover:border-danger",
  quiet:
    "text-ink-soft disabled:bg-transparent disabled:opacity-50 enabled:hover:bg-sunken enabled:hover:text-ink",
} as const;

const SIZES = {
  small: "h-8 px-2.5",
  medium: "h-10 px-4",
  icon: "size-8",
} as const;

export type ButtonLook = { variant?: keyof typeof VARIANTS; size?: keyof typeof SIZES };

/** The classes alone, for a link that looks like a button. */
export function buttonClass({ variant = "outline", size = "medium" }: ButtonLook = {}): string {
  return clsx(BASE, VARIANTS[variant], SIZES[size]);
}

export type ButtonProps = ComponentProps<"button"> & ButtonLook;

export function Button({ variant, size, className, type = "button", ...rest }: ButtonProps) {
  const look = { ...(variant && { variant }), ...(size && { size }) };
  return <button type={type} className={clsx(buttonClass(look), className)} {...rest} />;
}
