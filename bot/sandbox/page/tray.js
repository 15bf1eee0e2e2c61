// The files that wait to be posted with the next message; picking and posting them happens elsewhere.

const LIMIT = 10;
const STICKER_SIDE = 512;
const FAMILIES = { photo: "scene", video: "scene", document: "file", audio: "music" };
const items = [];
const listeners = new Set();

/** Everything in the tray: {id, title, filename, type, kind, face, bytes}; `bytes` is a promise of the Blob. */
export function tray() {
  return items;
}

/** Call `listener` when the tray changes. */
export function onTray(listener) {
  listeners.add(listener);
}

/** Put something in, as `tray` describes it. False when the tray is full. */
export function put(item) {
  if (items.length >= LIMIT) return false;
  items.push(item);
  tell();
  return true;
}

/** Put one of the visitor's own files in. False when the tray is full. */
export function putFile(file) {
  const { name, type } = file;
  return put({ id: null, title: name, filename: name, type, kind: usualKind(type), face: URL.createObjectURL(file), bytes: Promise.resolve(file) });
}

/** Take the file at `index` out. */
export function take(index) {
  items.splice(index, 1).forEach(forget);
  tell();
}

/** Where a sample stands in the tray, -1 when it is not in. */
export function placeOf(id) {
  return items.findIndex((item) => item.id === id);
}

/** Empty the tray. */
export function clear() {
  items.splice(0).forEach(forget);
  tell();
}

function forget(item) {
  if (item.face.startsWith("blob:")) URL.revokeObjectURL(item.face);
}

function usualKind(type) {
  if (type === "image/gif") return "animation";
  if (type.startsWith("image/")) return "photo";
  return type.startsWith("video/") ? "video" : "document";
}

/** The tray as posts ({media, files}) of the control API; Telegram's albums hold photos and videos, or files, and nothing else. */
export async function posts(as, caption) {
  const ready = await Promise.all(items.map((item) => prepared(item, as)));
  return batches(ready).map((batch, place) => {
    const media = batch.map(({ kind, file }, index) => ({ kind, file: `file${index}`, filename: file.name }));
    if (place === 0 && caption) media[0].caption = caption;
    return { media, files: Object.fromEntries(batch.map(({ file }, index) => [`file${index}`, file])) };
  });
}

/** How many posts the tray makes. */
export function albums() {
  return batches(items).length;
}

function batches(list) {
  const out = [];
  for (const one of list) {
    const family = FAMILIES[one.kind];
    const last = out.at(-1);
    if (family && last && FAMILIES[last[0].kind] === family) last.push(one);
    else out.push([one]);
  }
  return out;
}

async function prepared(item, as) {
  const kind = as === "usual" ? item.kind : as;
  const given = await item.bytes;
  if (kind !== "sticker" || item.kind === "sticker") return { kind, file: new File([given], item.filename, { type: given.type }) };
  const sticker = await asSticker(given);
  return { kind, file: new File([sticker], `${item.filename.replace(/\.\w+$/, "")}.webp`, { type: sticker.type }) };
}

async function asSticker(blob) {
  if (!blob.type.startsWith("image/")) return blob;
  const bitmap = await createImageBitmap(blob);
  const scale = STICKER_SIDE / Math.max(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/webp", quality: 0.9 });
}

function tell() {
  for (const listener of listeners) listener(items);
}
