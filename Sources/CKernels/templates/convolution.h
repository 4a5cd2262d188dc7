// Convolution as the matrix product it is.

// NHWC: a pixel's window is kernelHeight contiguous runs of the image, and the next pixel's begins
// strideWidth pixels later, so the micro-kernel reads the image in place as rows of A.
static void NAME(convolutionNHWC)(const ck_convolution_nhwc *g) {
  const bool runsJoin = g->dilationWidth == 1 && (ptrdiff_t)g->channelCount == g->pixelStride;
  ck_epilogue epilogue = g->epilogue;
  epilogue.beta = 0;
  const ptrdiff_t step = (ptrdiff_t)g->strideWidth * g->pixelStride;
  const ptrdiff_t stepDown = (ptrdiff_t)g->strideHeight * g->rowStride;
  tile_arguments t = {
      .aRow = step, .aColumn = 1, .aHalf = stepDown,
      .outerSegments = g->kernelHeight, .outerStride = (ptrdiff_t)g->dilationHeight * g->rowStride,
      .innerSegments = runsJoin ? 1 : g->kernelWidth,
      .innerStride = (ptrdiff_t)g->dilationWidth * g->pixelStride,
      .k = runsJoin ? g->kernelWidth * g->channelCount : g->channelCount,
      .cRow = g->outputPixelStride, .epilogue = &epilogue};
  const size_t pixels = g->poolsTwoByTwo ? g->outputWidth / 2 : g->outputWidth;
  const tile_cut cut = cut_rows(pixels, g->poolsTwoByTwo ? POOL_PIXELS : MR);
  const ptrdiff_t pooled = g->poolsTwoByTwo ? 2 : 1;
  for (size_t y = g->outputRowFirst; y < g->outputRowFirst + g->outputRowCount; y++)
    for (size_t column = 0, panel = 0; column < g->outputChannels; column += NR, panel++) {
      const size_t n = g->outputChannels - column < NR ? g->outputChannels - column : NR;
      const int vectors = n <= VL ? 1 : 2;
      t.n = n;
      t.b = g->weights + (ptrdiff_t)panel * g->weightsPanel;
      t.bRow = vectors * VL;
      t.biasColumn = epilogue.biasColumn ? epilogue.biasColumn + column : NULL;
      const float *a = g->input + (ptrdiff_t)y * pooled * stepDown;
      float *c = g->output + (ptrdiff_t)y * g->outputRowStride + column;
      const tile_function *tiles =
          g->poolsTwoByTwo ? tiles_pool[vectors - 1] : tiles_rows[vectors - 1];
      for (size_t i = 0; i < cut.count; i++) {
        const size_t count = cut.rows + (i < cut.larger);
        t.a = a;
        t.c = c;
        tiles[count](&t);
        a += (ptrdiff_t)count * pooled * step;
        c += (ptrdiff_t)count * g->outputPixelStride;
      }
    }
}

// Panels of output positions for the general convolution in NCHW order. Positions that lie in one
// row with stride 1 are one copy; the others are gathered. What lies in the padding is zero.
static void NAME(im2col)(const ck_im2col *g) {
  const size_t rows = g->channels * g->kernelHeight * g->kernelWidth;
  float *panel = g->panels;
  for (size_t done = 0; done < g->positionCount; done += NR, panel += rows * NR) {
    const size_t n = g->positionCount - done < NR ? g->positionCount - done : NR;
    const size_t width = n <= VL ? VL : NR;
    const size_t first = g->positionFirst + done;
    const size_t y0 = first / g->outputWidth, x0 = first % g->outputWidth;
    float *out = panel;
    for (size_t c = 0; c < g->channels; c++) {
      const float *plane = g->input + c * g->height * g->width;
      for (size_t i = 0; i < g->kernelHeight; i++)
        for (size_t j = 0; j < g->kernelWidth; j++, out += width) {
          size_t done_here = 0, y = y0, x = x0;
          while (done_here < n) {
            // The part of the panel that lies in output row y.
            const size_t left = g->outputWidth - x;
            const size_t run = n - done_here < left ? n - done_here : left;
            const ptrdiff_t inY =
                (ptrdiff_t)(y * g->strideHeight + i * g->dilationHeight) - g->padTop;
            float *to = out + done_here;
            if (inY < 0 || inY >= (ptrdiff_t)g->height) {
              for (size_t r = 0; r < run; r++) to[r] = 0;
            } else {
              const float *from = plane + inY * (ptrdiff_t)g->width;
              const ptrdiff_t inX =
                  (ptrdiff_t)(x * g->strideWidth + j * g->dilationWidth) - g->padLeft;
              const ptrdiff_t stride = (ptrdiff_t)g->strideWidth;
              const ptrdiff_t last = inX + (ptrdiff_t)(run - 1) * stride;
              if (inX >= 0 && last < (ptrdiff_t)g->width) {
                if (stride == 1) {
                  copy_run(to, from + inX, run);
                } else {
                  for (size_t r = 0; r < run; r++) to[r] = from[inX + (ptrdiff_t)r * stride];
                }
              } else if (stride == 1) {
                // Zeros up to the image, a copy, and zeros behind it.
                const size_t before = inX >= 0 ? 0 : (size_t)-inX < run ? (size_t)-inX : run;
                const ptrdiff_t room = (ptrdiff_t)g->width - inX;
                const size_t end = room <= (ptrdiff_t)before ? before
                    : (size_t)room < run ? (size_t)room : run;
                for (size_t r = 0; r < before; r++) to[r] = 0;
                copy_run(to + before, from + inX + (ptrdiff_t)before, end - before);
                for (size_t r = end; r < run; r++) to[r] = 0;
              } else {
                for (size_t r = 0; r < run; r++) {
                  const ptrdiff_t at = inX + (ptrdiff_t)r * stride;
                  to[r] = at >= 0 && at < (ptrdiff_t)g->width ? from[at] : 0;
                }
              }
            }
            done_here += run;
            x = 0;
            y++;
          }
          for (size_t r = n; r < width; r++) out[r] = 0;
        }
    }
  }
}
