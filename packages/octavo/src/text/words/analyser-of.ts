import type { Analyse } from './analysis.js';
import { chineseAnalyser } from './chinese.js';
import { englishAnalyser } from './english.js';
import { unicodeAnalyser } from './other.js';

/** What cuts texts of a language (two letters, or none) into words; English and Chinese come with lemmas and parts of speech. Errors: PACKAGE_ABSENT. */
export function analyserOf(language: string): Analyse {
  if (language === 'en') return englishAnalyser();
  if (language === 'zh') return chineseAnalyser();
  return unicodeAnalyser(language);
}
