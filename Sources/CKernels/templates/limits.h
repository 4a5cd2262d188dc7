// What this machine can do at best with this ISA: independent FMAs in registers, and plain reading.

#define PEAK_CHAINS (MR >= 12 ? 24 : 10)
static float NAME(peakFMA)(size_t iterations) {
  vf sum[PEAK_CHAINS];
  // Values the compiler cannot know, and that stay normal numbers however often they are used.
  vf a = vsplat(0.999999f), b = vsplat(0.000001f);
  __asm__ volatile("" : "+m"(a), "+m"(b));
  const vf x = a, y = b;
#pragma clang loop unroll(full)
  for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = vsplat((float)i);
  for (; iterations > 0; iterations--)
#pragma clang loop unroll(full)
    for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = sum[i] * x + y;
  vf total = vsplat(0);
#pragma clang loop unroll(full)
  for (int i = 0; i < PEAK_CHAINS; i++) total += sum[i];
  return vsum(total);
}

static float NAME(readSum)(const float *source, size_t count) {
  vf a = vsplat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  for (size_t i = 0; i + 8 * VL <= count; i += 8 * VL) {
    a += vload(source + i);
    b += vload(source + i + VL);
    c += vload(source + i + 2 * VL);
    d += vload(source + i + 3 * VL);
    e += vload(source + i + 4 * VL);
    f += vload(source + i + 5 * VL);
    g += vload(source + i + 6 * VL);
    h += vload(source + i + 7 * VL);
  }
  return vsum(((a + b) + (c + d)) + ((e + f) + (g + h)));
}
