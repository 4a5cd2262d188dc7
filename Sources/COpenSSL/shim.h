#pragma once
#include <openssl/ssl.h>
#include "x509_shim.h"
