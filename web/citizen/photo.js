/** The photo of a report: its position offered, its pixels drawn anew, everything else left behind. */
import { fill, tell } from "./dom.js";
import { positionOf } from "./exif.js";

const LONGEST = 1600;
const QUALITY = 0.7;
const HEAD = 131_072; // bytes in which a camera writes its data

/**
 * Watch the form's photo field.
 *
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} words
 * @param {(position: number[]) => void} onPlace called when the reader wants the photo's position
 * @returns {{blob: () => Blob | null}}
 */
export function watchPhoto(form, words, onPlace) {
  const input = form.elements.photo;
  const [shown, canvas, place, off, problem] = ["photo-shown", "photo-canvas", "photo-place", "photo-remove", "photo-problem"].map((id) =>
    document.getElementById(id),
  );
  let blob = null;
  let position = null;
  const reset = () => {
    blob = position = null;
    input.value = "";
    for (const part of [shown, place, off]) part.hidden = true;
  };
  const taken = async () => {
    const [file] = input.files;
    if (!file) return;
    tell(problem, "");
    try {
      position = positionOf(await file.slice(0, HEAD).arrayBuffer());
      blob = await redrawn(file, canvas);
    } catch {
      reset();
      tell(problem, words.no_photo);
      return;
    }
    keepOnly(input, blob);
    shown.querySelector("figcaption span").textContent = fill(words.photo_ready, { size: Math.ceil(blob.size / 1000) });
    shown.hidden = off.hidden = false;
    place.hidden = !position;
  };
  input.addEventListener("change", taken);
  taken(); // it may have been chosen before this script came
  place.addEventListener("click", () => {
    onPlace(position);
    position = null; // told once, then forgotten
    place.hidden = true;
  });
  off.addEventListener("click", () => {
    reset();
    input.focus();
  });
  return { blob: () => blob };
}

/** Draw the picture upright and small on `canvas`, and return it as a JPEG: pixels, nothing else. */
async function redrawn(file, canvas) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new Error("no picture");
  return blob;
}

/** Put the new picture in place of the file that was chosen, so that the form holds nothing else. */
function keepOnly(input, blob) {
  const files = new DataTransfer();
  files.items.add(new File([blob], "photo.jpg", { type: blob.type }));
  input.files = files.files;
}
