/**
 * What changes, as it changes: `/pro/events`, read with the key that `EventSource` could not send.
 *
 * Tells `onEvent(event)` each event, and `onState("open" | "cut" | "none")` when the line opens, is cut (no beat for
 * eight seconds; the heart beats every three) or does not exist on this server. It connects again by itself, for ever.
 */
const SILENCE_MS = 8_000;
const RETRY_MS = 2_000;

export class Live {
  constructor(api, onEvent, onState) {
    Object.assign(this, { api, onEvent, onState, ended: false, state: null });
    this.run();
  }

  end() {
    this.ended = true;
    this.abort?.abort();
    clearTimeout(this.silence);
    clearTimeout(this.pause);
  }

  async run() {
    while (!this.ended) {
      try {
        await this.listen();
      } catch (error) {
        if (error.kind === "missing" || error.kind === "refused" || error.kind === "forbidden") return this.say("none");
      }
      if (this.ended) return undefined;
      this.say("cut");
      await new Promise((resolve) => (this.pause = setTimeout(resolve, RETRY_MS)));
    }
    return undefined;
  }

  async listen() {
    this.abort = new AbortController();
    this.alive();
    const reader = (await this.api.stream("/pro/events", this.abort.signal)).pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.ended) return;
      this.alive();
      const parts = (text + value).split("\n\n");
      text = parts.pop();
      for (const part of parts) this.hear(part);
    }
  }

  hear(part) {
    const data = part.split("\n").find((line) => line.startsWith("data: "));
    if (!data) return;
    const event = JSON.parse(data.slice(6));
    this.say("open");
    if (event.kind !== "beat") this.onEvent(event);
  }

  /** Something was heard: the next silence counts from now. */
  alive() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.abort.abort(), SILENCE_MS);
  }

  say(state) {
    if (this.ended || state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
