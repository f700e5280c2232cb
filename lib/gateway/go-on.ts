import type { Likeness } from "@/lib/controller/explain-absence";
import type { Reservation } from "@/lib/controller/places";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { isContinuable } from "@/lib/protocol/continuable";
import type { GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { AnswerTrail } from "./answer-trail";
import { type Attempts, tryWorkers } from "./attempts";
import type { Called } from "./call-worker";
import { hasElsewhere } from "./while-alive";
import { WorkerStream } from "./worker-stream";

/** Answers that another worker goes on with: whom they are sent to, and with what. */

type Answer = {
  request: GenerateRequest;
  called: Called;
  attempts: Attempts;
};

/** What another worker of the model has to be able to do to go on with the answer; undefined: none could. */
export function resumptionOf(
  { offer: { features } }: Pick<Reservation, "offer">,
  request: GenerateRequest,
): "resume" | "continue" | undefined {
  if (features.includes("resume")) return "resume";
  return features.includes("continue") && isContinuable(request) ? "continue" : undefined;
}

/** Tokens with which the answer begins before the first worker has said one. */
export function trailOf({ resume }: GenerateRequest): readonly number[] {
  return resume?.tokenIds ?? [];
}

/** Opens the answer at the first worker that takes it. */
export function openFirst({
  reservation,
  request,
  called,
  attempts,
}: Answer & { reservation: Reservation }): Promise<WorkerStream> {
  return WorkerStream.open(reservation, {
    request: resumptionOf(reservation, request) ? { ...request, reportTokenIds: true } : request,
    called,
    hasElsewhere: () => hasElsewhere(attempts, reservation),
  });
}

export type GoOnOptions = {
  first: WorkerStream;
  trail: AnswerTrail;
  /** Counts how often it was gone on with. */
  resumed: { times: number };
  /** Whether who asks gave a seed: others draw one, and cannot tell another's answer from this. */
  isSeeded: boolean;
};

/**
 * How the answer goes on: at a worker that would have written the same, of the same build, with as much
 * room, and not in a life in which it has failed at it.
 */
export function createGoOn(answer: Answer & GoOnOptions) {
  const { first, trail, resumed, isSeeded } = answer;
  const { start } = first;
  const failedInstances = new Set<string>();
  let made: Attempts | undefined;
  /** Of nearly all answers nothing is ever asked of these. */
  const attemptsOfRest = () => {
    made ??= toAttempts(answer, failedInstances);
    return made;
  };
  // Before its first token any worker of the model could have given the answer.
  const askForTheRest = (stream: WorkerStream) => {
    stream.hasElsewhere = async () => {
      const mayGoOn = trail.ids !== undefined && resumed.times < env().PARLEY_RESUMPTIONS_MAX;
      return mayGoOn && (await hasElsewhere(attemptsOfRest(), stream.reservation));
    };
    return stream;
  };
  askForTheRest(first);
  return async (failed: WorkerStream): Promise<WorkerStream> => {
    failedInstances.add(failed.reservation.instanceId);
    const attempts = attemptsOfRest();
    const rest = { request: answer.request, start, isSeeded, ids: trail.ids ?? [] };
    const request = attempts.features.includes("continue") ? toPlainRest(rest) : toRest(rest);
    return await tryWorkers(attempts, async (reservation) => {
      const stream = await WorkerStream.open(reservation, {
        ...{ request, called: answer.called },
        hasElsewhere: () => hasElsewhere(attempts, reservation),
      });
      if (isSame(stream.start, start)) return askForTheRest(stream);
      await stream.close();
      throw new AppError("upstream-invalid", {
        message: `The worker read another prompt, or has less room, than the one that began the answer (${stream.start.promptTokens} and ${stream.start.maxTokens} tokens).`,
      });
    });
  };
}

function toAttempts(
  { attempts, first, request }: Pick<Answer & GoOnOptions, "attempts" | "first" | "request">,
  failedInstances: ReadonlySet<string>,
): Attempts {
  const { build, contextLength } = first.reservation.offer;
  const like: Likeness = { build, contextLength, failedInstances };
  const resumption = resumptionOf(first.reservation, request) ?? "resume";
  return {
    ...attempts,
    ...{ features: [...attempts.features, resumption], like, isUnderWay: true },
    // Whoever reads sees a pause, which is to be no longer than any other wait for a place.
    waitMsMax: env().PARLEY_ADMISSION_WAIT_MS,
    leavesRoom: false,
    preferredWorkerId: undefined,
  };
}

type Rest = {
  request: GenerateRequest;
  start: GenerationStart;
  isSeeded: boolean;
  ids: readonly number[];
};

/** What is asked for is what the first worker understood: its seed, its defaults, its room. */
function toRest({ request, start, isSeeded, ids }: Rest): GenerateRequest {
  const { resume: _, ...asked } = request;
  const sampling = { ...request.sampling, ...start.sampling };
  // Who gave a seed, or asked for the likeliest, can tell one answer from another; a draw is as good as the next.
  const mustMatch = isSeeded || sampling.temperature === 0;
  return {
    ...asked,
    ...{ sampling, maxTokens: start.maxTokens, reportTokenIds: true },
    ...(ids.length > 0 && { resume: { tokenIds: [...ids], mustMatch } }),
  };
}

/**
 * Of an answer that its tokens alone decide. What its worker told of sampling is what its documentation says,
 * and not what its server takes by the model's own settings, which another server of the build has, too.
 */
function toPlainRest({ request, start, ids }: Rest): GenerateRequest {
  return {
    ...request,
    ...{ maxTokens: start.maxTokens, reportTokenIds: true },
    ...(ids.length > 0 && { resume: { tokenIds: [...ids] } }),
  };
}

function isSame(one: GenerationStart, other: GenerationStart): boolean {
  return (
    one.build === other.build &&
    one.promptTokens === other.promptTokens &&
    one.maxTokens === other.maxTokens
  );
}
