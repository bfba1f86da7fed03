/** Numbers as the page writes them. */

/** 0.9731 → "97 %", 0.005 → "0.5 %". */
export const percent = (share: number): string => {
  const value = share * 100;
  const digits = value === 0 || value >= 10 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} %`;
};

/** 1479822 → "1,479,822". */
export const grouped = (count: number): string => Math.round(count).toLocaleString('en-US');

/** Three significant digits, without an exponent where that is readable. */
export const short = (value: number): string => {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1000) return grouped(value);
  if (size > 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
};

/** A share of a whole as a CSS length, kept within it. */
export const cssPercent = (share: number): string => `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;

/** 6e13 → "6.0 × 10¹³". */
export const scientific = (value: number): string => {
  const [mantissa = '', exponent = '0'] = value.toExponential(1).split('e');
  const raised = [...String(Number(exponent))].map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('');
  return `${mantissa} × 10${raised}`;
};
