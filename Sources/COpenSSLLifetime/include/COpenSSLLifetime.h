#pragma once
// Nothing to call: linking the module is what counts (see lifetime.c).
