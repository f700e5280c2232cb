/** What `@huggingface/jinja` parses a template into (its types are not exported); only what is read here. */
export type Node =
  | { type: "Program"; body: Node[] }
  | { type: "If"; test: Node; body: Node[]; alternate: Node[] }
  | { type: "For"; loopvar: Node; iterable: Node; body: Node[]; defaultBlock: Node[] }
  | { type: "Break" | "Continue" | "Comment" }
  | { type: "Set"; assignee: Node; value: Node | null; body: Node[] }
  | MacroNode
  | { type: "CallStatement"; call: CallNode; callerArgs: Node[] | null; body: Node[] }
  | { type: "FilterStatement"; filter: FilterNode; body: Node[] }
  | { type: "MemberExpression"; object: Node; property: Node; computed: boolean }
  | CallNode
  | IdentifierNode
  | { type: "IntegerLiteral" | "FloatLiteral"; value: number }
  | { type: "StringLiteral"; value: string }
  | { type: "ArrayLiteral" | "TupleLiteral"; value: Node[] }
  | { type: "ObjectLiteral"; value: Map<Node, Node> }
  | { type: "BinaryExpression"; operator: { value: string }; left: Node; right: Node }
  | { type: "UnaryExpression"; operator: { value: string }; argument: Node }
  | { type: "FilterExpression"; operand: Node; filter: FilterNode }
  | { type: "TestExpression"; operand: Node; negate: boolean; test: IdentifierNode }
  | { type: "SelectExpression"; lhs: Node; test: Node }
  | { type: "Ternary"; condition: Node; trueExpr: Node; falseExpr: Node }
  | SliceNode
  | { type: "KeywordArgumentExpression"; key: IdentifierNode; value: Node }
  | { type: "SpreadExpression" | "KeywordSpreadExpression"; argument: Node };

export type IdentifierNode = { type: "Identifier"; value: string };
export type CallNode = { type: "CallExpression"; callee: Node; args: Node[] };
export type MacroNode = { type: "Macro"; name: IdentifierNode; args: Node[]; body: Node[] };
export type SliceNode = {
  type: "SliceExpression";
  start: Node | undefined;
  stop: Node | undefined;
  step: Node | undefined;
};
export type FilterNode = IdentifierNode | CallNode;
