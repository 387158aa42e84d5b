export { Serial } from '../core/serial';
