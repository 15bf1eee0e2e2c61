// Pictures, films, stickers and files as elements with a fixed shape, so that nothing jumps when they arrive.

import { fileUrl } from "./api.js";
import { el, icon } from "./dom.js";
import { mediaKind } from "./names.js";

const BOX = { width: 340, height: 380 };
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The element for what a message carries; `show(url)` opens a picture large. Null when it carries nothing. */
export function media(message, show) {
  const kind = mediaKind(message);
  return kind && DRAW[kind] ? DRAW[kind](message, show) : null;
}

/** A picture, film or file that fills a cell of an album. */
export function cell(message, show) {
  if (message.photo) return picture(largest(message.photo), show, "cell-fill");
  if (message.video) return film(message.video, { controls: true, class: "cell-fill" });
  return media(message, show);
}

/** The largest size of a photo. */
export function largest(sizes) {
  return sizes.reduce((best, size) => (size.width > best.width ? size : best));
}

const DRAW = {
  photo: (message, show) => picture(largest(message.photo), show, "photo"),
  video: (message) => shaped(film(message.video, { controls: true, class: "film" }), message.video),
  animation: (message) => shaped(moving(message.animation), message.animation),
  video_note: (message) => film(message.video_note, { controls: true, class: "note" }),
  sticker: (message) => sticker(message.sticker),
  document: (message) => file(message.document),
  audio: (message) => el("audio", { controls: true, src: fileUrl(message.audio) }),
  voice: (message) => el("audio", { controls: true, src: fileUrl(message.voice) }),
};

function picture(size, show, name) {
  const image = el("img", { src: fileUrl(size), width: size.width, height: size.height, alt: "Picture", class: "picture" });
  const button = el("button", { type: "button", class: `opens ${name}`, "aria-label": "Picture, press to enlarge" }, image);
  button.addEventListener("click", () => show(fileUrl(size)));
  return name === "photo" ? shaped(button, size) : button;
}

function film(file, attributes) {
  return el("video", { src: fileUrl(file), preload: "metadata", playsinline: true, "aria-label": "Video", ...attributes });
}

function moving(file) {
  if (file.mime_type?.startsWith("image/")) return el("img", { src: fileUrl(file), alt: "GIF", class: "film" });
  const video = film(file, { loop: true, class: "film", controls: still.matches, autoplay: !still.matches });
  video.muted = true;
  return video;
}

function sticker(file) {
  if (file.is_animated) return el("div", { class: "sticker placeholder" }, "Animated sticker");
  if (file.is_video) {
    const video = film(file, { loop: true, autoplay: true, class: "sticker" });
    video.muted = true;
    return video;
  }
  return el("img", { src: fileUrl(file), width: 168, height: 168, alt: `Sticker ${file.emoji ?? ""}`, class: "sticker" });
}

function file(document) {
  const name = document.file_name ?? "file";
  const thumb = document.thumbnail ? el("img", { src: fileUrl(document.thumbnail), alt: "", width: 48, height: 48 }) : icon("file");
  const words = el("span", { class: "file-words" }, el("b", {}, name), el("small", {}, bytes(document.file_size ?? 0)));
  return el("a", { class: "file", href: fileUrl(document), download: name }, el("span", { class: "file-face" }, thumb), words);
}

function shaped(node, { width, height }) {
  const w = width || 480;
  const h = height || 360;
  const scale = Math.min(BOX.width / w, BOX.height / h, w < 120 ? 2 : 1.5);
  node.style.width = `${Math.max(90, Math.round(w * scale))}px`;
  node.style.aspectRatio = `${w} / ${h}`;
  return node;
}

/** A number of bytes in words. */
export function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${Math.round(count / 1024)} KB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}
