/** The position that a camera wrote into a JPEG: read on the device, offered, and dropped with the rest. */

const APP1 = 0xffe1;
const START_OF_SCAN = 0xffda;
const GPS_IFD = 0x8825;
const [LAT_REF, LAT, LON_REF, LON] = [1, 2, 3, 4];

/**
 * Return [longitude, latitude] of a JPEG, or null.
 *
 * EXIF 2.3 (CIPA DC-008), § 4.6.6: three rationals (degrees, minutes, seconds) and a letter for each axis.
 *
 * @param {ArrayBuffer} buffer at least the first 128 KB of the file
 */
export function positionOf(buffer) {
  try {
    const tiff = exifOf(new DataView(buffer));
    return tiff && gpsOf(tiff);
  } catch {
    return null; // cut short, or not what it says
  }
}

function exifOf(view) {
  if (view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 <= view.byteLength; ) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (marker === START_OF_SCAN || marker < 0xff00) return null;
    if (marker === APP1 && view.getUint32(at + 4) === 0x45786966) {
      return new DataView(view.buffer, at + 10, Math.min(length - 8, view.byteLength - at - 10));
    }
    at += 2 + length;
  }
  return null;
}

function gpsOf(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const short = (at) => tiff.getUint16(at, little);
  const long = (at) => tiff.getUint32(at, little);
  const entries = (at) => {
    const found = new Map();
    for (let i = 0, n = short(at); i < n; i++) found.set(short(at + 2 + 12 * i), at + 2 + 12 * i + 8);
    return found;
  };
  const pointer = entries(long(4)).get(GPS_IFD);
  if (pointer === undefined) return null;
  const gps = entries(long(pointer));
  const axis = (letter, value, minus) => {
    const first = long(gps.get(value));
    const [d, m, s] = [0, 8, 16].map((step) => long(first + step) / long(first + step + 4));
    const sign = String.fromCharCode(tiff.getUint8(gps.get(letter))) === minus ? -1 : 1;
    return sign * (d + m / 60 + (s || 0) / 3600);
  };
  const position = [axis(LON_REF, LON, "W"), axis(LAT_REF, LAT, "S")];
  return position.every(Number.isFinite) && (position[0] || position[1]) ? position : null;
}
