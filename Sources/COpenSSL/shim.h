#pragma once
#include <openssl/ssl.h>
#include "ssl_shim.h"
#include "x509_shim.h"
