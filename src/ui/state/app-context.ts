/** How components reach the app's state. */
import { createContext } from 'svelte';
import type { App } from './app.svelte.ts';

export const [getApp, setApp] = createContext<App>();
