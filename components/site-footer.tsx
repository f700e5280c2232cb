import { SiteLinks } from "./site-links";

export function SiteFooter() {
  return (
    <footer className="mx-auto w-full max-w-[1264px] px-4 pb-8 sm:px-8">
      <div className="flex flex-wrap justify-between gap-x-8 gap-y-3 border-t border-line pt-6 text-sm text-ink-soft">
        <p>Parley compares language models by what people prefer. Apache-2.0.</p>
        <SiteLinks />
      </div>
    </footer>
  );
}
