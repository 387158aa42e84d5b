#!/usr/bin/env node
'use strict';
process.argv.splice(2, 0, 'cli');
require('../scripts/run.js');
