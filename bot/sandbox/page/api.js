// Talking to the sandbox's control API; what the answers mean is not known here.

/** The sandbox said no; the message is its sentence, fit to be shown. */
export class Refused extends Error {}

/** Ask for `verb`; `files` maps part names to Blobs with a name. Answers the result, throws Refused. */
export async function call(verb, body, files = {}) {
  const options = { method: "POST", headers: { Accept: "application/json" } };
  if (Object.keys(files).length) options.body = form(body, files);
  else {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  return unpack(await reach(`/sandbox/api/${verb}`, options));
}

/** News for `as` since `after`; waits up to 25 s. Answers {seq, events}. */
export async function news(as, after, signal) {
  const response = await fetch(`/sandbox/events?as=${as}&after=${after}&timeout=25`, { signal });
  if (!response.ok) throw new Error(`The sandbox answered ${response.status}.`);
  const answer = await response.json();
  return answer.result ?? answer;
}

/** Every sample on the shelf. */
export async function samples() {
  const response = await reach("/sandbox/samples", {});
  return response.ok ? response.json() : [];
}

/** The address of a posted file. */
export function fileUrl(file) {
  return `/sandbox/file/${encodeURIComponent(file.file_unique_id)}`;
}

function form(body, files) {
  const data = new FormData();
  data.append("json", JSON.stringify(body));
  for (const [name, file] of Object.entries(files)) data.append(name, file, file.name || name);
  return data;
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Refused("The sandbox does not answer. Is it still running?");
  }
}

async function unpack(response) {
  const answer = await response.json().catch(() => null);
  if (answer?.ok) return answer.result;
  throw new Refused(answer?.error || `The sandbox answered ${response.status}.`);
}
