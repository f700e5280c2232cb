import protobuf from "protobufjs";

/**
 * ONNX files in memory. Field numbers and names are those of `onnx.proto` (ONNX 1.20, IR version 12).
 * What this engine neither reads nor writes (training, functions of a graph's own, quantisation
 * annotations, sparse tensors, types other than tensors) is in the schema as bytes that nobody looks
 * into, so that a file which has them is written back whole. Only notes on nodes and values
 * (their `metadata_props`) are lost.
 */
const SCHEMA = `
  syntax = "proto2";
  package onnx;
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
  message TensorProto {
    repeated int64 dims = 1;
    optional int32 dataType = 2;
    repeated float floatData = 4 [packed = true];
    repeated int32 int32Data = 5 [packed = true];
    repeated bytes stringData = 6;
    repeated int64 int64Data = 7 [packed = true];
    optional string name = 8;
    optional bytes rawData = 9;
    repeated double doubleData = 10 [packed = true];
    repeated uint64 uint64Data = 11 [packed = true];
    optional string docString = 12;
    repeated StringStringEntryProto externalData = 13;
    optional int32 dataLocation = 14;
  }
  message Dimension { optional int64 dimValue = 1; optional string dimParam = 2; optional string denotation = 3; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorTypeProto { optional int32 elemType = 1; optional TensorShapeProto shape = 2; }
  message TypeProto {
    optional TensorTypeProto tensorType = 1;
    optional bytes sequenceType = 4;
    optional bytes mapType = 5;
    optional string denotation = 6;
    optional bytes sparseTensorType = 8;
    optional bytes optionalType = 9;
  }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; optional string docString = 3; }
  message AttributeProto {
    optional string name = 1;
    optional float f = 2;
    optional int64 i = 3;
    optional bytes s = 4;
    optional TensorProto t = 5;
    optional GraphProto g = 6;
    repeated float floats = 7;
    repeated int64 ints = 8;
    repeated bytes strings = 9;
    repeated TensorProto tensors = 10;
    repeated GraphProto graphs = 11;
    optional string docString = 13;
    optional bytes typeProto = 14;
    repeated bytes typeProtos = 15;
    optional int32 type = 20;
    optional string refAttrName = 21;
    optional bytes sparseTensor = 22;
    repeated bytes sparseTensors = 23;
  }
  message NodeProto {
    repeated string input = 1;
    repeated string output = 2;
    optional string name = 3;
    optional string opType = 4;
    repeated AttributeProto attribute = 5;
    optional string docString = 6;
    optional string domain = 7;
    optional string overload = 8;
  }
  message GraphProto {
    repeated NodeProto node = 1;
    optional string name = 2;
    repeated TensorProto initializer = 5;
    optional string docString = 10;
    repeated ValueInfoProto input = 11;
    repeated ValueInfoProto output = 12;
    repeated ValueInfoProto valueInfo = 13;
    repeated bytes quantizationAnnotation = 14;
    repeated bytes sparseInitializer = 15;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message ModelProto {
    optional int64 irVersion = 1;
    optional string producerName = 2;
    optional string producerVersion = 3;
    optional string domain = 4;
    optional int64 modelVersion = 5;
    optional string docString = 6;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opsetImport = 8;
    repeated StringStringEntryProto metadataProps = 14;
    repeated bytes trainingInfo = 20;
    repeated bytes functions = 25;
  }
`;

/** `TensorProto.DataType`: the element types this engine meets. */
export const ELEMENT_TYPE = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const;

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  ints: 7,
} as const;

/** `TensorProto.DataLocation`: the tensor's bytes lie in a file beside the graph. */
export const DATA_LOCATION_EXTERNAL = 1;

/** int64 fields are numbers here: dimensions, offsets and attributes stay far below 2^53. */
export type OnnxTensor = {
  dims: number[];
  dataType: number;
  name?: string;
  /** Of a decoded file: a view into its bytes, so `byteOffset` is the place within the file. */
  rawData?: Uint8Array;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: number[];
  externalData?: { key: string; value: string }[];
  dataLocation?: number;
};

export type OnnxAttribute = {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: OnnxTensor;
  g?: OnnxGraph;
  ints?: number[];
};

export type OnnxNode = {
  opType: string;
  domain?: string;
  name?: string;
  input: string[];
  output: string[];
  attribute?: OnnxAttribute[];
};

export type OnnxValueInfo = {
  name: string;
  type: {
    tensorType: {
      elemType: number;
      shape?: { dim: { dimValue?: number; dimParam?: string }[] };
    };
  };
};

export type OnnxGraph = {
  name: string;
  node: OnnxNode[];
  initializer: OnnxTensor[];
  input: OnnxValueInfo[];
  output: OnnxValueInfo[];
  /** What the exporter knew about values within. */
  valueInfo?: OnnxValueInfo[];
};

export type OnnxModel = {
  irVersion: number;
  producerName?: string;
  opsetImport: { domain: string; version: number }[];
  graph: OnnxGraph;
};

const modelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType("onnx.ModelProto");

/**
 * Reads a model. Weights are not copied: `rawData` are views into `bytes`.
 *
 * @throws Error when the bytes are no protobuf of this shape.
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const message = modelType.decode(bytes);
  // `arrays` and `defaults` off: what a file leaves out is absent, except for the lists we rely on.
  const model = modelType.toObject(message, { longs: Number, arrays: true });
  if (!model.graph) throw new Error("The file holds no graph.");
  // The schema above and the types are one description in two languages.
  return model as OnnxModel;
}

/** Writes a model. Models beyond 2 GB keep their weights outside (protobuf's own limit). */
export function encodeModel(model: OnnxModel): Uint8Array {
  return modelType.encode(modelType.fromObject(model)).finish();
}
