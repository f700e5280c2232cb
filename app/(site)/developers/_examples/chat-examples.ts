import { curl, type Example, pythonHead, typescriptHead } from "./example";

export const chatExample: Example = {
  id: "chat",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "${place.model}",
    "messages": [{"role": "user", "content": "What is the capital of France?"}]
  }`,
    ),
    python: `${pythonHead(place)}

answer = client.chat.completions.create(
    model="${place.model}",
    messages=[{"role": "user", "content": "What is the capital of France?"}],
)
print(answer.choices[0].message.content)`,
    typescript: `${typescriptHead(place)}

const answer = await client.chat.completions.create({
  model: "${place.model}",
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
console.log(answer.choices[0]?.message.content);`,
  }),
};

export const streamExample: Example = {
  id: "stream",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "${place.model}",
    "messages": [{"role": "user", "content": "Tell me about the moon."}],
    "stream": true,
    "stream_options": {"include_usage": true}
  }`,
      "-N ",
    ),
    python: `${pythonHead(place)}

stream = client.chat.completions.create(
    model="${place.model}",
    messages=[{"role": "user", "content": "Tell me about the moon."}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`,
    typescript: `${typescriptHead(place)}

const stream = await client.chat.completions.create({
  model: "${place.model}",
  messages: [{ role: "user", content: "Tell me about the moon." }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? "");
}`,
  }),
};

const weatherTool = `[{
      "type": "function",
      "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "strict": true,
        "parameters": {
          "type": "object",
          "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
          "required": ["city"]
        }
      }
    }]`;

export const toolsExample: Example = {
  id: "tools",
  feature: "tools",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "${place.model}",
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
    "tool_choice": "required",
    "parallel_tool_calls": false,
    "temperature": 0,
    "tools": ${weatherTool}
  }`,
    ),
    python: `import json
${pythonHead(place)}

tools = [{
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"],
        },
    },
}]
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
asked = client.chat.completions.create(
    model="${place.model}",
    messages=messages,
    tools=tools,
    tool_choice="required",
    parallel_tool_calls=False,
    temperature=0,
).choices[0].message

messages.append(asked)
for call in asked.tool_calls:
    city = json.loads(call.function.arguments)["city"]
    result = json.dumps({"city": city, "celsius": 18})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

told = client.chat.completions.create(model="${place.model}", messages=messages, tools=tools)
print(told.choices[0].message.content)`,
    typescript: `${typescriptHead(place)}

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "The weather in a city.",
      strict: true,
      parameters: {
        type: "object",
        properties: { city: { type: "string", enum: ["Paris", "Rome"] } },
        required: ["city"],
      },
    },
  },
];
const messages: OpenAI.ChatCompletionMessageParam[] = [
  { role: "user", content: "What is the weather in Paris?" },
];
const model = "${place.model}";
const asked = await client.chat.completions.create({
  model,
  messages,
  tools,
  tool_choice: "required",
  parallel_tool_calls: false,
  temperature: 0,
});

for (const { message } of asked.choices) {
  messages.push(message);
  for (const call of message.tool_calls ?? []) {
    if (call.type !== "function") continue;
    const { city } = JSON.parse(call.function.arguments);
    const content = JSON.stringify({ city, celsius: 18 });
    messages.push({ role: "tool", tool_call_id: call.id, content });
  }
}

const told = await client.chat.completions.create({ model, messages, tools });
console.log(told.choices[0]?.message.content);`,
  }),
};

export const jsonExample: Example = {
  id: "json",
  feature: "grammar",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "${place.model}",
    "messages": [{"role": "user", "content": "Give me JSON with name and age for Ana, 31."}],
    "temperature": 0,
    "response_format": {
      "type": "json_schema",
      "json_schema": {
        "name": "person",
        "schema": {
          "type": "object",
          "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
          "required": ["name", "age"],
          "additionalProperties": false
        }
      }
    }
  }`,
    ),
    python: `from pydantic import BaseModel
${pythonHead(place)}


class Person(BaseModel):
    name: str
    age: int


answer = client.chat.completions.parse(
    model="${place.model}",
    messages=[{"role": "user", "content": "Give me JSON with name and age for Ana, 31."}],
    temperature=0,
    response_format=Person,
)
person = answer.choices[0].message.parsed
print(person.name, person.age)`,
    typescript: `${typescriptHead(place)}

const answer = await client.chat.completions.create({
  model: "${place.model}",
  messages: [{ role: "user", content: "Give me JSON with name and age for Ana, 31." }],
  temperature: 0,
  response_format: {
    type: "json_schema",
    json_schema: {
      name: "person",
      schema: {
        type: "object",
        properties: { name: { type: "string" }, age: { type: "integer" } },
        required: ["name", "age"],
        additionalProperties: false,
      },
    },
  },
});
const person = JSON.parse(answer.choices[0]?.message.content ?? "");
console.log(person.name, person.age);`,
  }),
};
