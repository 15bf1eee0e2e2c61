// Changing a picture the way people do to slip past a filter; pure drawing, the panel is fool.js.

/** What every control does when it is left alone. */
export const PLAIN = {
  quality: 92,
  scale: 100,
  crop: 0,
  mirror: false,
  rotate: 0,
  border: 0,
  colour: "#ffffff",
  words: "",
  brightness: 100,
  screenshot: false,
};

const LARGEST = 1280;

/** A canvas with `source` (an ImageBitmap) changed by `wish`, before it is compressed. */
export function altered(source, wish) {
  let canvas = cropped(source, wish);
  if (wish.rotate) canvas = turned(canvas, wish);
  if (wish.words.trim()) canvas = captioned(canvas, wish.words.trim());
  if (wish.border) canvas = bordered(canvas, wish);
  if (wish.screenshot) canvas = framed(canvas);
  return canvas;
}

/** The canvas as a JPEG blob of the wished quality (1-100). */
export function compressed(canvas, quality) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality / 100));
}

function cropped(source, wish) {
  const part = 1 - wish.crop / 100;
  const [sw, sh] = [source.width * part, source.height * part];
  const fit = Math.min(1, LARGEST / Math.max(sw, sh));
  const scale = (wish.scale / 100) * fit;
  const [canvas, pen] = sheet(sw * scale, sh * scale);
  pen.filter = wish.brightness === 100 ? "none" : `brightness(${wish.brightness}%)`;
  if (wish.mirror) {
    pen.translate(canvas.width, 0);
    pen.scale(-1, 1);
  }
  pen.drawImage(source, (source.width - sw) / 2, (source.height - sh) / 2, sw, sh, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function turned(source, wish) {
  const angle = (wish.rotate * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [canvas, pen] = sheet(source.width * cos + source.height * sin, source.width * sin + source.height * cos, "#000000");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(angle);
  pen.drawImage(source, -source.width / 2, -source.height / 2);
  return canvas;
}

function captioned(source, words) {
  const size = Math.max(14, Math.round(source.width / 13));
  const band = Math.round(size * 1.9);
  const [canvas, pen] = sheet(source.width, source.height + band, "#ffffff");
  pen.drawImage(source, 0, band);
  pen.fillStyle = "#111111";
  pen.font = `700 ${size}px Arial, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(words, canvas.width / 2, band / 2, canvas.width * 0.94);
  return canvas;
}

function bordered(source, wish) {
  const width = Math.round((Math.min(source.width, source.height) * wish.border) / 100);
  const [canvas, pen] = sheet(source.width + 2 * width, source.height + 2 * width, wish.colour);
  pen.drawImage(source, width, width);
  return canvas;
}

function framed(source) {
  const width = Math.max(source.width, 300);
  const unit = width / 100;
  const height = (source.height * width) / source.width;
  const [top, bottom] = [unit * 26, unit * 44];
  const [canvas, pen] = sheet(width, height + top + bottom, "#f4f5f7");
  pen.fillStyle = "#1f2430";
  pen.font = `600 ${unit * 4.2}px Arial, sans-serif`;
  pen.fillText("21:47", unit * 5, unit * 7.5);
  pen.fillRect(canvas.width - unit * 14, unit * 4, unit * 9, unit * 4.4);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, unit * 11, canvas.width, unit * 15);
  pen.fillStyle = "#d6603f";
  dot(pen, unit * 10, unit * 18.5, unit * 4.6);
  bar(pen, unit * 18, unit * 15, unit * 34, "#1f2430");
  bar(pen, unit * 18, unit * 20, unit * 20, "#aab0bb");
  pen.drawImage(source, 0, top, canvas.width, height);
  const foot = top + height;
  for (const [x, colour] of [[8, "#e2483d"], [20, "#5f6773"], [32, "#5f6773"]]) {
    pen.fillStyle = colour;
    dot(pen, unit * x, foot + unit * 8, unit * 3);
  }
  bar(pen, unit * 5, foot + unit * 15, unit * 26, "#1f2430");
  bar(pen, unit * 5, foot + unit * 21, unit * 80, "#aab0bb");
  bar(pen, unit * 5, foot + unit * 27, unit * 62, "#aab0bb");
  bar(pen, unit * 34, foot + unit * 39, unit * 32, "#1f2430");
  return canvas;
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function bar(pen, x, y, width, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(x, y, width, width * 0.03 + 6, 4);
  pen.fill();
}

function sheet(width, height, ground) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(8, Math.round(width));
  canvas.height = Math.max(8, Math.round(height));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  return [canvas, pen];
}
