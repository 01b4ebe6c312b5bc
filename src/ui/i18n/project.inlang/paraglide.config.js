/** How messages are compiled; read by Vite's plugin and by `paraglide-js compile` alike. */
export default {
  strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
  localStorageKey: 'handloom.locale',
  outputStructure: 'locale-modules',
  emitPrettierIgnore: false,
  emitReadme: false,
  emitTsDeclarations: false,
};
