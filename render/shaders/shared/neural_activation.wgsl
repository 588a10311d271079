// erf to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
fn erf(x: vec4f) -> vec4f {
    let a = min(abs(x), vec4f(6.0));
    let t = 1.0 / fma(a, vec4f(0.3275911), vec4f(1.0));
    var sum = fma(t, vec4f(1.061405429), vec4f(-1.453152027));
    sum = fma(sum, t, vec4f(1.421413741));
    sum = fma(sum, t, vec4f(-0.284496736));
    sum = fma(sum, t, vec4f(0.254829592));
    return sign(x) * fma(-sum * t, exp(-a * a), vec4f(1.0));
}

fn sigmoid(x: vec4f) -> vec4f {
    return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}

fn none(x: vec4f) -> vec4f {
    return x;
}

fn gelu(x: vec4f) -> vec4f {
    return 0.5 * x * (1.0 + erf(x * 0.70710678));
}

fn relu(x: vec4f) -> vec4f {
    return max(x, vec4f());
}

fn leaky_relu(x: vec4f) -> vec4f {
    return max(x, 0.01 * x);
}

fn leaky_relu_10(x: vec4f) -> vec4f {
    return max(x, 0.1 * x);
}

fn relu_6(x: vec4f) -> vec4f {
    return clamp(x, vec4f(), vec4f(6.0));
}

fn silu(x: vec4f) -> vec4f {
    return x * sigmoid(x);
}

fn softplus(x: vec4f) -> vec4f {
    return max(x, vec4f()) + log(1.0 + exp(-abs(x)));
}

fn hard_swish(x: vec4f) -> vec4f {
    return x * clamp(x + 3.0, vec4f(), vec4f(6.0)) / 6.0;
}

// sin(30 x). WGSL promises sines between -pi and pi only, so whole turns are taken off first.
fn sin_30(x: vec4f) -> vec4f {
    let turns = round(x * 4.7746483);
    // 2 pi in two parts, of which the first has zeros at its end.
    let rest = fma(turns, vec4f(-6.28125), 30.0 * x);
    return sin(fma(turns, vec4f(-0.0019353072), rest));
}
