// Questions to the server. An answer that is an error is thrown, with the library's own sentence.

const BASE = new URL("../api/", import.meta.url);

/** An error that the server answered, or that no answer came. */
export class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Ask with GET. */
export async function get(name, query = {}, { signal } = {}) {
  const url = new URL(name, BASE);
  for (const [key, value] of Object.entries(query)) if (value !== "") url.searchParams.set(key, value);
  return (await ask(url, { signal })).json();
}

/** Ask with a body of JSON. */
export async function post(name, body, { signal } = {}) {
  return (await ask(new URL(name, BASE), { ...json(body), signal })).json();
}

/** Ask, and call a function with each row as it is computed. */
export async function rows(name, body, take, { signal } = {}) {
  const answer = await ask(new URL(name, BASE), { ...json(body), signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const row = JSON.parse(line);
      if (row.error && !("key" in row)) throw new ApiError(row.error.code, row.error.message);
      take(row);
    }
  }
}

/** Send a file, and call a function with the share that is sent. Returns `{upload, name, nbytes}`. */
export function upload(file, progress, { signal } = {}) {
  return new Promise((resolve, reject) => {
    const url = new URL("uploads", BASE);
    url.searchParams.set("name", file.name);
    const request = new XMLHttpRequest(); // fetch reports no progress of a body
    request.open("POST", url);
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event.loaded / (event.total || 1));
    request.onload = () => {
      const { response } = request;
      if (request.status === 200) resolve(response);
      else reject(failure(response, request.status));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** The URL of an asset. */
export function assetUrl(id) {
  return new URL(`assets/${id}`, BASE).href;
}

/** The pixels of a picture, as ImageData. */
export async function picture(id, { signal } = {}) {
  const answer = await ask(assetUrl(id), { signal });
  const pixels = new Uint8ClampedArray(await answer.arrayBuffer());
  return new ImageData(pixels, Number(answer.headers.get("X-Width")), Number(answer.headers.get("X-Height")));
}

function json(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError("Refused", text.trim() || `the server answered ${answer.status}`);
  }
  throw failure(body, answer.status);
}

function failure(body, status) {
  const error = body?.error;
  return new ApiError(error?.code ?? "Refused", error?.message ?? `the server answered ${status}`);
}

function unreachable() {
  return new ApiError("Unreachable", "the server does not answer; is jitprep play still running?");
}
