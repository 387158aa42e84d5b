import { runService } from '../service/run-service';
import { startLoginApp } from './start';

void runService('login-app', startLoginApp);
