import { check, type OrtLibrary, type Pointer } from "./ort-library";

/** The session configuration entry that makes onnxruntime remember which operators it left to whom. */
export const RECORD_PLACEMENT = { "session.record_ep_graph_assignment_info": "1" };

const CPU = "CPUExecutionProvider";

/**
 * The operators that a device left to the CPU, of a session that was opened with `RECORD_PLACEMENT`.
 * onnxruntime 1.30 records those alone where WebGPU runs the others (compared with its log of all).
 */
export function readCpuOperators(library: OrtLibrary, session: Pointer): string[] {
  const { functions: f, readText } = library;
  const list = (call: typeof f.Session_GetEpGraphAssignmentInfo, handle: Pointer) => {
    const address = new BigUint64Array(new ArrayBuffer(8));
    const count = new BigUint64Array(new ArrayBuffer(8));
    check(f, call(handle, address, count));
    return library.readPointers(address[0] ?? 0n, Number(count[0]));
  };
  // The texts belong to the session.
  const text = (call: typeof f.EpAssignedSubgraph_GetEpName, handle: Pointer) => {
    const cell = new BigUint64Array(new ArrayBuffer(8));
    check(f, call(handle, cell));
    return readText(cell[0] ?? 0n);
  };
  return list(f.Session_GetEpGraphAssignmentInfo, session)
    .filter((part) => text(f.EpAssignedSubgraph_GetEpName, part) === CPU)
    .flatMap((part) => list(f.EpAssignedSubgraph_GetNodes, part))
    .map((node) => text(f.EpAssignedNode_GetOperatorType, node));
}
