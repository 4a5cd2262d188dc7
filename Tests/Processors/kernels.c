// A smoke test of one table, for a machine that Swift's tests do not run on: scalar loops as oracle.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "CKernels.h"

static int failures;
static void expect(int holds, const char *what) {
  if (!holds) { failures++; printf("FAIL %s\n", what); }
}
static float whole(void) { return (float)(rand() % 17 - 8); }

static void product(const ck_table *t, size_t m, size_t n, size_t k, bool packed) {
  float *a = malloc((m * k + 64) * 4), *b = malloc((k * n + 64) * 4), *c = malloc((m * n + 64) * 4);
  float *pa = malloc((m * k + 64) * 4);
  const size_t panels = (n + (size_t)t->panelColumns - 1) / (size_t)t->panelColumns;
  const ptrdiff_t panel = (ptrdiff_t)(k * (size_t)t->panelColumns);
  float *pb = malloc((panels * (size_t)panel + 64) * 4);
  float bias[512];
  for (size_t i = 0; i < m * k; i++) a[i] = whole();
  for (size_t i = 0; i < k * n; i++) b[i] = whole();
  for (size_t i = 0; i < n; i++) bias[i] = whole();
  for (size_t i = 0; i < m * n + 64; i++) c[i] = -77777;
  t->sgemmPackA(pa, a, (ptrdiff_t)k, 1, m, k);
  t->sgemmPackB(pb, panel, b, (ptrdiff_t)n, 1, k, n);
  ck_gemm_block g = {
      .m = m, .n = n, .k = k, .a = packed ? pa : a, .aRow = (ptrdiff_t)k, .aColumn = 1,
      .aIsPacked = packed, .aPackedColumns = k, .b = pb, .bPanel = panel, .bIsPacked = true,
      .c = c, .cRow = (ptrdiff_t)n,
      .epilogue = {.alpha = 1, .biasColumn = bias, .low = 0, .high = INFINITY, .clamps = true}};
  t->sgemm(&g);
  int same = 1;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      float sum = bias[j];
      for (size_t x = 0; x < k; x++) sum += a[i * k + x] * b[x * n + j];
      same &= c[i * n + j] == (sum < 0 ? 0 : sum);
    }
  for (size_t i = m * n; i < m * n + 64; i++) same &= c[i] == -77777;
  char what[80];
  snprintf(what, sizeof what, "sgemm %zux%zux%zu packed %d", m, n, k, packed);
  expect(same, what);
  free(a); free(b); free(c); free(pa); free(pb);
}

static void integerProduct(const ck_table *t, size_t m, size_t n, size_t k) {
  const size_t stride = (k + 3) / 4 * 4, width = (size_t)t->panelColumns;
  uint8_t *a = calloc(m * stride + 4, 1), *d = malloc(n);
  int8_t *b = malloc(k * n + 1), *packed = malloc((n / width + 1) * ck_igemm_panel_bytes(k, width) + 64);
  int32_t *c = calloc(m * n + 64, 4);
  float factors[512];
  for (size_t i = 0; i < m * stride; i++) a[i] = (uint8_t)rand();
  const int most[] = {128, 64, 32, 16}, limit = most[(m + n + k) % 4];
  for (size_t i = 0; i < k * n; i++) b[i] = (int8_t)(rand() % (2 * limit) - limit);
  for (size_t j = 0; j < n; j++) factors[j] = j % 2 ? 0.5f : (float)j * 1e-4f;
  t->igemmPackB(packed, b, (ptrdiff_t)n, 1, 0, k, n);
  t->igemm(c, (ptrdiff_t)n, a, (ptrdiff_t)stride, packed, m, n, k);
  int same = 1;
  for (size_t i = 0; i < m; i++) {
    t->requantize(d, c + i * n, factors, n, 7, false);
    for (size_t j = 0; j < n; j++) {
      int32_t sum = 0;
      for (size_t x = 0; x < k; x++) sum += a[i * stride + x] * b[x * n + j];
      same &= c[i * n + j] == sum;
      same &= d[j] == (uint8_t)fmin(fmax(nearbyintf((float)sum * factors[j]) + 7, 0), 255);
    }
  }
  for (size_t i = m * n; i < m * n + 64; i++) same &= c[i] == 0;
  expect(same, "integer product");
  free(a); free(b); free(c); free(d); free(packed);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
// One step of an LSTM and of a GRU, their products given.
static void cells(const ck_table *t, size_t n) {
  float from[4 * 40], past[4 * 40], state[40], cell[40], before[40];
  for (size_t i = 0; i < 4 * n; i++) { from[i] = whole() / 4; past[i] = whole() / 4; }
  for (size_t i = 0; i < n; i++) { before[i] = state[i] = whole() / 9; cell[i] = before[i]; }
  ck_recurrent_step s = {
      .hidden = n, .fromInput = from, .fromState = past, .state = state, .cell = cell,
      .clip = INFINITY, .resetsAfterwards = true};
  t->lstmStep(&s);
  int good = 1;
#define GATE(g) ((double)from[(g) * n + i] + past[(g) * n + i])
  for (size_t i = 0; i < n; i++) {
    const double c = sigmoid(GATE(2)) * before[i] + sigmoid(GATE(0)) * tanh(GATE(3));
    good &= fabs(cell[i] - c) < 2e-6 && fabs(state[i] - sigmoid(GATE(1)) * tanh(c)) < 2e-6;
    state[i] = before[i];
  }
  t->gruStep(&s);
  for (size_t i = 0; i < n; i++) {
    const double u = sigmoid(GATE(0));
    const double h = tanh(from[2 * n + i] + sigmoid(GATE(1)) * past[2 * n + i]);
    good &= fabs(state[i] - ((1 - u) * h + u * before[i])) < 2e-6;
  }
  expect(good, "recurrent cells");
}

int main(void) {
  const ck_table *tables[8];
  const size_t count = ck_available(tables, 8);
  const ck_table *t = tables[count - 1];
  printf("%s\n", t->name);
  for (int i = 0; i < 200; i++)
    product(t, 1 + (size_t)rand() % 30, 1 + (size_t)rand() % 40, (size_t)rand() % 50, i & 1);
  for (int i = 0; i < 100; i++)
    integerProduct(t, 1 + (size_t)rand() % 30, 1 + (size_t)rand() % 70, (size_t)rand() % 50);
  for (size_t n = 0; n <= 40; n++) cells(t, n);
  for (size_t n = 0; n < 70; n++) {
    float x[70], y[70], z[70];
    for (size_t i = 0; i < n; i++) { x[i] = (float)rand() / (float)RAND_MAX * 160 - 80; }
    int good = 1;
    for (int op = 0; op < CK_UNARY_COUNT; op++) {
      t->unary[op](y, x, n);
      for (size_t i = 0; i < n; i++) {
        const double d = x[i];
        const double want = (double[]){
            d < 0 ? 0 : d, 1 / (1 + exp(-d)), tanh(d), exp(d), log(d), sqrt(d), 1 / d, -d, fabs(d),
            erf(d), floor(d), ceil(d), d * (1 + erf(d * M_SQRT1_2)) / 2,
            d * (1 + tanh(0.7978845608028654 * (d + 0.044715 * d * d * d))) / 2, d / (1 + exp(-d)),
            d * fmin(fmax(d / 6 + 0.5, 0), 1), sin(d), cos(d), tan(d), atan(d), asin(d), acos(d),
            sinh(d), cosh(d), asinh(d), acosh(d), atanh(d),
            fmax(d, 0) + log1p(exp(-fabs(d))), expm1(d), nearbyint(d)}[op];
        const int ok = (isnan(want) && isnan(y[i])) || fabs(y[i] - want) <= 5e-7 * fabs(want) + 1e-37
            || (op == CK_ERF && fabs(y[i] - want) < 3e-7)
            || ((op == CK_SIN || op == CK_COS) && fabs(y[i] - want) < 1.2e-7)
            || (op == CK_TAN && fabs(y[i] - want) < 1e-10 * (1 + want * want) + 5e-7 * fabs(want))
            || (op >= CK_GELU && op <= CK_HARD_SWISH
                && fabs(y[i] - want) < 3e-7 * fmax(1, fabs(d)));
        if (!ok && good) printf("unary %d of %g is %g, not %g\n", op, d, y[i], want);
        good &= ok;
      }
    }
    t->softmax(z, x, 1, n, 1);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += z[i];
    good &= n == 0 || fabs(sum - 1) < 1e-5;
    uint16_t h[70];
    t->halfFromFloat(h, x, n);
    t->floatFromHalf(y, h, n);
    for (size_t i = 0; i < n; i++) good &= fabsf(y[i] - x[i]) <= fabsf(x[i]) / 2048;
    t->binary[CK_ADD][CK_F32](y, x, z, n, CK_VECTORS);
    for (size_t i = 0; i < n; i++) good &= y[i] == x[i] + z[i];
    float total;
    t->reduce[CK_REDUCE_MAX][CK_F32](&total, x, 1, n, 1);
    float top = -INFINITY;
    for (size_t i = 0; i < n; i++) top = x[i] > top ? x[i] : top;
    good &= total == top;
    expect(good, "vectors");
  }
  // Convolution with fused pooling: 12×15 pixels of 3 channels to 20.
  {
    float in[12 * 15 * 3], w[27 * 20], out[5 * 6 * 20 + 64], pb[27 * 64];
    for (size_t i = 0; i < 12 * 15 * 3; i++) in[i] = whole();
    for (size_t i = 0; i < 27 * 20; i++) w[i] = whole();
    const ptrdiff_t panel = 27 * t->panelColumns;
    t->sgemmPackB(pb, panel, w, 20, 1, 27, 20);
    ck_convolution_nhwc g = {
        .input = in, .pixelStride = 3, .rowStride = 45, .channelCount = 3, .kernelHeight = 3,
        .kernelWidth = 3, .strideHeight = 1, .strideWidth = 1, .dilationHeight = 1,
        .dilationWidth = 1, .outputRowCount = 5, .outputWidth = 13, .weights = pb,
        .weightsPanel = panel, .outputChannels = 20, .output = out, .outputPixelStride = 20,
        .outputRowStride = 120, .poolsTwoByTwo = true, .epilogue = {.alpha = 1}};
    t->convolutionNHWC(&g);
    int same = 1;
    for (int y = 0; y < 5; y++)
      for (int x = 0; x < 6; x++)
        for (int o = 0; o < 20; o++) {
          float top = -INFINITY;
          for (int p = 0; p < 4; p++) {
            float sum = 0;
            for (int i = 0; i < 3; i++)
              for (int j = 0; j < 9; j++)
                sum += in[(2 * y + p / 2 + i) * 45 + (2 * x + p % 2) * 3 + j]
                    * w[(i * 9 + j) * 20 + o];
            top = sum > top ? sum : top;
          }
          same &= out[(y * 6 + x) * 20 + o] == top;
        }
    expect(same, "convolution with pooling");
  }
  printf(failures ? "%d failures\n" : "passed\n", failures);
  return failures != 0;
}
