/**
 * Numbers as serde_json writes them: the shortest digits that give the same number again.
 * As plain decimals between these powers of ten, with an exponent outside of them.
 */
const plainFrom = { f32: -5, f64: -4 } as const;
const plainTo = { f32: 13, f64: 16 } as const;

/** A float: always with a fraction or an exponent. `null` for what JSON cannot say: a number that is not finite in that type. */
export function floatText(value: number, type: 'f32' | 'f64'): string {
  const exact = type === 'f32' ? Math.fround(value) : value;
  if (!Number.isFinite(exact)) return 'null';
  if (exact === 0) return Object.is(exact, -0) ? '-0.0' : '0.0';
  const [, sign = '', first = '', more = '', exponent = ''] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(shortest(exact, type).toExponential()) ?? [];
  const digits = first + more;
  /** How many of the digits stand before the point. */
  const whole = Number(exponent) + 1;
  if (whole <= 0 && whole >= plainFrom[type]) return `${sign}0.${'0'.repeat(-whole)}${digits}`;
  if (whole > 0 && whole <= plainTo[type]) return `${sign}${digits.slice(0, whole).padEnd(whole, '0')}.${digits.slice(whole) || '0'}`;
  return `${sign}${first}${more === '' ? '' : `.${more}`}e${whole - 1}`;
}

/** A number of which only JSON knows the type. JavaScript does not know `1.0` from `1`: both are written `1`. */
export function numberText(value: number): string {
  const isWhole = Number.isInteger(value) && !Object.is(value, -0) && value >= -(2 ** 63) && value < 2 ** 64;
  return isWhole ? JSON.stringify(value) : floatText(value, 'f64');
}

/** The fewest digits that give the same number; where two are equally near, those with the even last digit. */
function shortest(value: number, type: 'f32' | 'f64'): number {
  if (type === 'f64') return value;
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) !== value) continue;
    const lower = lowerOfTie(value, digits);
    return lower !== undefined && Math.fround(lower) === value ? lower : short;
  }
  return Number(value.toPrecision(9));
}

/** `toPrecision` rounds ties away from zero. The number below, if `value` is such a tie and that number ends in an even digit. */
function lowerOfTie(value: number, digits: number): number | undefined {
  // More digits than these no tie has.
  const [mantissa = '', exponent = ''] = value.toExponential(60).split('e');
  const cut = digits + (value < 0 ? 2 : 1);
  return /[02468]\.?$/.test(mantissa.slice(0, cut)) && /^\.?50*$/.test(mantissa.slice(cut)) ? Number(`${mantissa.slice(0, cut)}e${exponent}`) : undefined;
}
