/** Numbers as the page writes them. */

/** 0.9731 → "97 %", 0.005 → "0.5 %", 0.99999 → "over 99.9 %". */
export const percent = (share: number): string => {
  const value = share * 100;
  const text = value.toFixed(Number.isInteger(value) || (value >= 10 && value <= 99) ? 0 : 1);
  // Almost all is not all, and almost none is not none.
  if (value < 100 && Number(text) === 100) return 'over 99.9 %';
  if (value > 0 && Number(text) === 0) return 'under 0.1 %';
  return `${text} %`;
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
