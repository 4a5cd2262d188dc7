// The gates of recurrent cells, for one case and one step: what lies between two matrix products.
//
// tanh and sigmoid are one quotient of polynomials (templates/math.h), 3e-7 absolute in f32. Beyond TANH_MAX
// f32's tanh is ±1.
INLINE vf gate_tanh(vf x, float most) {
  x = vatmost(vatleast(x, vsplat(-most)), vsplat(most));
  vf p, q;
  tanh_parts(x * x, &p, &q);
  return x * p / q;
}
INLINE vf gate_sigmoid(vf x, float most) {
  return vsplat(0.5f) + vsplat(0.5f) * gate_tanh(vsplat(0.5f) * x, most);
}
// A gate's input is clipped; so is its function's, and the narrower bound holds for both.
INLINE float gate_bound(float clip, float most) { return clip < most ? clip : most; }

INLINE vf gate_load(const float *p, size_t n) { return n == VL ? vload(p) : vload_first(p, n); }
INLINE void gate_store(float *p, vf v, size_t n) {
  if (n == VL) vstore(p, v);
  else vstore_first(p, v, n);
}
#define EACH_GATE_VECTOR(s)                                                                      \
  for (size_t i = 0, n; i < (s)->hidden && (n = (s)->hidden - i < VL ? (s)->hidden - i : VL, 1); \
       i += VL)
// What reaches gate `gate` of the elements at i.
INLINE vf gate_sum(const ck_recurrent_step *s, size_t gate, size_t i, size_t n) {
  const size_t at = gate * s->hidden + i;
  return gate_load(s->fromInput + at, n) + gate_load(s->fromState + at, n);
}
INLINE void gate_finish(const ck_recurrent_step *s, size_t i, vf state, size_t n) {
  gate_store(s->state + i, state, n);
  if (s->output) gate_store(s->output + i, state, n);
}

static void NAME(rnnStep)(const ck_recurrent_step *s) {
  const float tanhMax = gate_bound(s->clip, TANH_MAX);
  EACH_GATE_VECTOR(s) gate_finish(s, i, gate_tanh(gate_sum(s, 0, i, n), tanhMax), n);
}

// Gates in the order input, output, forget, cell.
static void NAME(lstmStep)(const ck_recurrent_step *s) {
  const float tanhMax = gate_bound(s->clip, TANH_MAX);
  const float sigmoidMax = gate_bound(s->clip * 0.5f, TANH_MAX);
  const float *peephole = s->peepholes;
  EACH_GATE_VECTOR(s) {
    const vf before = gate_load(s->cell + i, n);
    vf input = gate_sum(s, 0, i, n), output = gate_sum(s, 1, i, n), forget = gate_sum(s, 2, i, n);
    if (peephole) {
      input += gate_load(peephole + i, n) * before;
      forget += gate_load(peephole + 2 * s->hidden + i, n) * before;
    }
    input = gate_sigmoid(input, sigmoidMax);
    forget = s->couplesForget ? vsplat(1.0f) - input : gate_sigmoid(forget, sigmoidMax);
    const vf after = forget * before + input * gate_tanh(gate_sum(s, 3, i, n), tanhMax);
    gate_store(s->cell + i, after, n);
    if (peephole) output += gate_load(peephole + s->hidden + i, n) * after;
    gate_finish(s, i, gate_sigmoid(output, sigmoidMax) * gate_tanh(after, TANH_MAX), n);
  }
}

// Gates in the order update, reset, hidden.
static void NAME(gruReset)(const ck_recurrent_step *s) {
  const float sigmoidMax = gate_bound(s->clip * 0.5f, TANH_MAX);
  EACH_GATE_VECTOR(s)
    gate_store(
        s->reset + i, gate_sigmoid(gate_sum(s, 1, i, n), sigmoidMax) * gate_load(s->state + i, n),
        n);
}
static void NAME(gruStep)(const ck_recurrent_step *s) {
  const float tanhMax = gate_bound(s->clip, TANH_MAX);
  const float sigmoidMax = gate_bound(s->clip * 0.5f, TANH_MAX);
  EACH_GATE_VECTOR(s) {
    const vf update = gate_sigmoid(gate_sum(s, 0, i, n), sigmoidMax);
    vf past = gate_load(s->fromState + 2 * s->hidden + i, n);
    if (s->resetsAfterwards) past *= gate_sigmoid(gate_sum(s, 1, i, n), sigmoidMax);
    const vf candidate =
        gate_tanh(gate_load(s->fromInput + 2 * s->hidden + i, n) + past, tanhMax);
    const vf before = gate_load(s->state + i, n);
    gate_finish(s, i, candidate + update * (before - candidate), n);
  }
}
