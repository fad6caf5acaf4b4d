/** An execution of a process, waited for: at once where the server is quick, as a job where it is not. */
import { ApiError } from "../../shared/api.js";

const PATIENCE_MS = 150_000;
const LOOK_MS = 1_500;
/** How long a job is waited for in all. */
const LONGEST_MS = 900_000;
const ENDED = new Set(["failed", "dismissed"]);

/**
 * Return the one output of a process, or throw an `ApiError`.
 *
 * @param {object} outputs names the output, where the process has several: `{report: {}}`
 */
export async function execute(api, process, inputs, outputs = undefined) {
  const answer = await api.post(`/api/processes/${process}/execution`, { inputs, outputs }, { patience: PATIENCE_MS });
  if (answer.jobID === undefined) return answer;
  const job = `/api/jobs/${answer.jobID}`;
  for (const end = Date.now() + LONGEST_MS; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { status, message } = await api.json(job);
    if (status === "successful") return api.json(`${job}/results`);
    if (ENDED.has(status)) throw new ApiError("failed", message);
  }
  throw new ApiError("away", `${job}: too long`);
}
