#pragma once
#include <openssl/ssl.h>
#include "digest_shim.h"
#include "ssl_shim.h"
#include "x509_shim.h"
