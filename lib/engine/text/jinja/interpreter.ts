import { Arguments } from "./arguments";
import { findFilter } from "./filters";
import { GLOBALS } from "./globals";
import { getAttribute, getItem } from "./methods";
import type { CallNode, FilterNode, Node } from "./nodes";
import { applyOperator, cutSlice, negate } from "./operators";
import { findPredicate, NOTHING_GIVEN } from "./predicates";
import { Scope } from "./scope";
import {
  type Callable,
  Fields,
  fromJson,
  isCallable,
  isMapping,
  isTrue,
  Tuple,
  toItems,
  toText,
  typeOf,
} from "./values";

type Of<T extends Node["type"]> = Extract<Node, { type: T }>;
/** How a run of statements ended: at its end, or at a word of the loop around it. */
type Ending = "end" | "break" | "continue";

/** The text that a parsed template makes of these variables. */
export function run(program: Node, variables: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(variables).map(([name, value]) => [name, fromJson(value)] as const);
  const scope = new Scope(new Scope(undefined, GLOBALS), given);
  return program.type === "Program" ? collect(program.body, scope) : "";
}

/** What the statements write. */
function collect(body: readonly Node[], scope: Scope): string {
  const out: string[] = [];
  runAll(body, scope, out);
  return out.join("");
}

function runAll(body: readonly Node[], scope: Scope, out: string[]): Ending {
  for (const node of body) {
    const ending = runOne(node, scope, out);
    if (ending !== "end") return ending;
  }
  return "end";
}

function runOne(node: Node, scope: Scope, out: string[]): Ending {
  switch (node.type) {
    case "StringLiteral":
      out.push(node.value);
      return "end";
    case "If":
      return runAll(isTrue(evaluate(node.test, scope)) ? node.body : node.alternate, scope, out);
    case "For":
      runLoop(node, scope, out);
      return "end";
    case "Break":
      return "break";
    case "Continue":
      return "continue";
    case "Comment":
      return "end";
    case "Set":
      assign(
        node.assignee,
        node.value ? evaluate(node.value, scope) : collect(node.body, scope),
        scope,
      );
      return "end";
    case "Macro":
      scope.set(node.name.value, createMacro(node.name.value, node.args, node.body, scope));
      return "end";
    case "CallStatement": {
      const caller = createMacro("caller", node.callerArgs ?? [], node.body, scope);
      out.push(toText(call(node.call, scope, [["caller", caller]])));
      return "end";
    }
    case "FilterStatement":
      out.push(toText(applyFilter(collect(node.body, scope), node.filter, scope)));
      return "end";
    default:
      out.push(toText(evaluate(node, scope)));
      return "end";
  }
}

function runLoop(node: Of<"For">, outer: Scope, out: string[]): void {
  const isSelecting = node.iterable.type === "SelectExpression";
  const [list, test] =
    node.iterable.type === "SelectExpression"
      ? [node.iterable.lhs, node.iterable.test]
      : [node.iterable, undefined];
  const all = toItems(evaluate(list, outer));
  const turn = (item: unknown) => {
    const scope = new Scope(outer);
    assign(node.loopvar, item, scope);
    return scope;
  };
  const items =
    isSelecting && test ? all.filter((item) => isTrue(evaluate(test, turn(item)))) : all;
  let isEnded = false;
  let changed: readonly unknown[] | undefined;
  const isChanged: Callable = (args) => {
    const before = changed;
    changed = args;
    return before === undefined || args.some((it, at) => it !== before[at]);
  };
  for (const [at, item] of items.entries()) {
    // A turn's names are its own: what the one before it set is not seen.
    const scope = turn(item);
    scope.set("loop", describeTurn(items, at, isChanged));
    const ending = runAll(node.body, scope, out);
    isEnded ||= ending === "end";
    if (ending === "break") break;
  }
  // As in Jinja: also where no turn came to its end.
  if (!isEnded) runAll(node.defaultBlock, outer, out);
}

function describeTurn(items: readonly unknown[], at: number, changed: Callable): Fields {
  const cycle: Callable = (args) => args[at % args.length];
  return new Fields(
    Object.entries({
      ...{ index: at + 1, index0: at, length: items.length, depth: 1, depth0: 0 },
      ...{ revindex: items.length - at, revindex0: items.length - at - 1 },
      ...{ first: at === 0, last: at === items.length - 1 },
      ...{ previtem: items[at - 1], nextitem: items[at + 1], cycle, changed },
    }),
  );
}

function assign(target: Node, value: unknown, scope: Scope): void {
  if (target.type === "Identifier") {
    scope.set(target.value, value);
    return;
  }
  if (target.type === "TupleLiteral") {
    const items = toItems(value);
    if (items.length !== target.value.length) {
      throw new Error(`${items.length} values are to be given ${target.value.length} names`);
    }
    for (const [at, name] of target.value.entries()) assign(name, items[at], scope);
    return;
  }
  if (target.type === "MemberExpression" && target.property.type === "Identifier") {
    const object = evaluate(target.object, scope);
    if (object instanceof Fields) {
      object.values.set(target.property.value, value);
      return;
    }
  }
  throw new Error("only a name and a namespace's field can be set");
}

function createMacro(
  name: string,
  parameters: readonly Node[],
  body: readonly Node[],
  defined: Scope,
): Callable {
  return (args, kwargs) => {
    const scope = new Scope(defined);
    const left = new Map(kwargs);
    for (const [at, parameter] of parameters.entries()) {
      const isPlain = parameter.type !== "KeywordArgumentExpression";
      const key = isPlain ? nameOf(parameter) : parameter.key.value;
      const isGiven = at < args.length || left.has(key);
      const other = () => (isPlain ? undefined : evaluate(parameter.value, scope));
      scope.set(key, isGiven ? (at < args.length ? args[at] : left.get(key)) : other());
      left.delete(key);
    }
    if (left.has("caller")) scope.set("caller", left.get("caller"));
    left.delete("caller");
    scope.set("varargs", Tuple.from(args.slice(parameters.length)));
    scope.set("kwargs", left);
    scope.set("name", name);
    return collect(body, scope);
  };
}

function nameOf(node: Node): string {
  if (node.type === "Identifier") return node.value;
  throw new Error("a macro's parameter is to be a name");
}

function readArguments(nodes: readonly Node[], scope: Scope): [unknown[], Map<string, unknown>] {
  const args: unknown[] = [];
  const kwargs = new Map<string, unknown>();
  for (const node of nodes) {
    if (node.type === "SpreadExpression") args.push(...toItems(evaluate(node.argument, scope)));
    else if (node.type === "KeywordArgumentExpression") {
      kwargs.set(node.key.value, evaluate(node.value, scope));
    } else if (node.type === "KeywordSpreadExpression") {
      const more = evaluate(node.argument, scope);
      if (isMapping(more)) for (const [key, value] of more) kwargs.set(toText(key), value);
    } else args.push(evaluate(node, scope));
  }
  return [args, kwargs];
}

function call(node: CallNode, scope: Scope, more: readonly [string, unknown][] = []): unknown {
  const callee = evaluate(node.callee, scope);
  if (!isCallable(callee)) {
    throw new Error(`the template calls \`${describe(node.callee)}\`, which is ${typeOf(callee)}`);
  }
  const [args, kwargs] = readArguments(node.args, scope);
  for (const [key, value] of more) kwargs.set(key, value);
  return callee(args, kwargs);
}

function describe(node: Node): string {
  if (node.type === "Identifier") return node.value;
  if (node.type !== "MemberExpression") return "…";
  return `${describe(node.object)}.${node.computed ? "…" : describe(node.property)}`;
}

function applyFilter(value: unknown, filter: FilterNode, scope: Scope): unknown {
  if (filter.type === "Identifier") return findFilter(filter.value)(value, NOTHING_GIVEN);
  const [args, kwargs] = readArguments(filter.args, scope);
  return findFilter(describe(filter.callee))(value, new Arguments(args, kwargs));
}

function evaluate(node: Node, scope: Scope): unknown {
  switch (node.type) {
    case "Identifier":
      return scope.get(node.value);
    case "IntegerLiteral":
    case "FloatLiteral":
    case "StringLiteral":
      return node.value;
    case "ArrayLiteral":
      return node.value.map((it) => evaluate(it, scope));
    case "TupleLiteral":
      return Tuple.from(node.value, (it) => evaluate(it, scope));
    case "ObjectLiteral":
      return new Map(
        [...node.value].map((pair) => pair.map((it) => evaluate(it, scope))) as [
          unknown,
          unknown,
        ][],
      ); // Pairs of a Map.
    case "CallExpression":
      return call(node, scope);
    case "MemberExpression":
      return readMember(node, scope);
    case "BinaryExpression":
      return applyBinary(node, scope);
    case "UnaryExpression":
      return negate(node.operator.value, evaluate(node.argument, scope));
    case "FilterExpression":
      return applyFilter(evaluate(node.operand, scope), node.filter, scope);
    case "TestExpression": {
      const holds = findPredicate(node.test.value)(evaluate(node.operand, scope), NOTHING_GIVEN);
      return holds !== node.negate;
    }
    case "SelectExpression":
      return isTrue(evaluate(node.test, scope)) ? evaluate(node.lhs, scope) : undefined;
    case "Ternary":
      return evaluate(
        isTrue(evaluate(node.condition, scope)) ? node.trueExpr : node.falseExpr,
        scope,
      );
    default:
      throw new Error(`the template has ${node.type} where a value is to stand`);
  }
}

function applyBinary({ operator, left, right }: Of<"BinaryExpression">, scope: Scope): unknown {
  const first = evaluate(left, scope);
  if (operator.value === "and") return isTrue(first) ? evaluate(right, scope) : first;
  if (operator.value === "or") return isTrue(first) ? first : evaluate(right, scope);
  return applyOperator(operator.value, first, evaluate(right, scope));
}

function readMember(node: Of<"MemberExpression">, scope: Scope): unknown {
  const object = evaluate(node.object, scope);
  const { property } = node;
  if (property.type === "SliceExpression") {
    const read = (bound: Node | undefined) => bound && evaluate(bound, scope);
    return cutSlice(object, [read(property.start), read(property.stop), read(property.step)]);
  }
  if (node.computed) return getItem(object, evaluate(property, scope));
  if (property.type === "IntegerLiteral") return getItem(object, property.value);
  return getAttribute(object, nameOf(property));
}
