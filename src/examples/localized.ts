/** A text in every language of the interface. */
export interface Localized {
  en: string;
  zh: string;
}
