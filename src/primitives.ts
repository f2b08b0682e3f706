export * from './api/primitives.js';
