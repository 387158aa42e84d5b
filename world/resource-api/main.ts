import { runService } from '../service/run-service';
import { startResourceApi } from './start';

void runService('resource-api', startResourceApi);
