"""Golden forward values and gradients from three independent frameworks.

    python -m venv venv && venv/bin/pip install torch snntorch norse spikingjelly
    venv/bin/python generate.py

Writes one JSON file a case beside this script: the network as a recipe declares it, its parameters in the layout the
network keeps them in, the input spikes, and what the framework computed in double precision. The tests read the files
only; none of the frameworks is needed to run them.
"""

import json
import pathlib

import norse
import norse.torch as nt
import snntorch
import torch
from spikingjelly.activation_based import neuron, surrogate

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
FRAMEWORKS = {"snntorch": snntorch.__version__, "norse": norse.__version__, "spikingjelly": "0.0.0.0.14 or later"}


def spikes(shape, steps, density, seed):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand((steps, *shape), generator=generator) < density).double()


def single(tensor):
    """Rounds to single precision, the precision the network runs in."""
    return tensor.detach().float().double()


def weights(*shape, scale=1.0):
    return single(torch.randn(*shape) * scale)


def flat(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def write(name, framework, network, tensors, inputs, logits, gradients=None, targets=None):
    record = {
        "framework": f"{framework} {FRAMEWORKS[framework]}, torch {torch.__version__}",
        "network": network,
        "tensors": {key: {"shape": list(value.shape), "values": flat(value)} for key, value in tensors.items()},
        "input": [step.flatten().nonzero().flatten().tolist() for step in inputs],
        "logits": [flat(step) for step in logits],
    }
    if gradients:
        record["target"] = targets
        record["gradients"] = {key: flat(value) for key, value in gradients.items()}
    (HERE / f"{name}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(name, "firing" if not torch.stack(list(logits)).any() else "ok")


def dense(out, inputs, bias=True, scale=1.0):
    module = torch.nn.Linear(inputs, out, bias=bias)
    with torch.no_grad():
        module.weight.copy_(weights(out, inputs, scale=scale / inputs**0.5))
        if bias:
            module.bias.copy_(weights(out, scale=0.1))
    return module


def dense_tensors(index, module):
    found = {f"layers.{index}.weight": module.weight.T.unsqueeze(0)}
    if module.bias is not None:
        found[f"layers.{index}.bias"] = module.bias
    return found


def two_layers(name, framework, cell, neurons, step, steps=30, scale=3.0):
    """12 inputs, 16 neurons of the dialect under test, 5 outputs."""
    first, last = dense(16, 12, scale=scale), dense(5, 16)
    inputs, state, logits = spikes((12,), steps, 0.3, 1), None, []
    for spike in inputs:
        out, state = step(cell, first(spike), state)
        logits.append(last(out.double()))
    network = {
        "input": [12],
        "layers": [
            {"dense": {"units": 16, "bias": True}},
            {"neurons": neurons},
            {"dense": {"units": 5, "bias": True}},
        ],
    }
    write(name, framework, network, {**dense_tensors(0, first), **dense_tensors(2, last)}, inputs, logits)


def snntorch_step(cell, current, state):
    out, *state = cell(current.unsqueeze(0), *(state or cell.reset_mem_tuple()))
    return out[0], state


def snntorch_dialects():
    # Its immediate subtraction repeats itself one step later where a membrane stays above the threshold; the soft reset
    # is compared with SpikingJelly's instead.
    for name, beta, reset, delay, ours, scale in [
        ("snntorch-leaky-subtract-late", 0.85, "subtract", True, "softLate", 3.0),
        ("snntorch-leaky-zero", 0.85, "zero", False, "hard", 3.0),
    ]:
        cell = snntorch.Leaky(beta=beta, threshold=0.9, reset_mechanism=reset, reset_delay=delay)
        cell.reset_mem_tuple = lambda: (torch.zeros(1, 16),)
        two_layers(name, "snntorch", cell, {"decay": beta, "threshold": 0.9, "reset": ours}, snntorch_step,
            scale=scale)
    cell = snntorch.Synaptic(alpha=0.6, beta=0.8, threshold=1.5)
    cell.reset_mem_tuple = lambda: (torch.zeros(1, 16), torch.zeros(1, 16))
    two_layers(
        "snntorch-synaptic", "snntorch", cell,
        {"decay": 0.8, "synapticDecay": 0.6, "threshold": 1.5, "reset": "softLate"}, snntorch_step)


def snntorch_recurrent():
    cell = snntorch.RLeaky(beta=0.7, threshold=0.6, linear_features=16, reset_mechanism="zero", reset_delay=False)
    with torch.no_grad():
        cell.recurrent.weight.copy_(weights(16, 16, scale=0.2))
        cell.recurrent.bias.zero_()
    first, last = dense(16, 12, scale=2.0), dense(5, 16)
    inputs, out, membrane, logits = spikes((12,), 30, 0.3, 2), torch.zeros(1, 16), torch.zeros(1, 16), []
    for spike in inputs:
        out, membrane = cell(first(spike).unsqueeze(0), out.double(), membrane)
        logits.append(last(out[0].double()))
    network = {
        "input": [12],
        "layers": [
            {"dense": {"units": 16, "bias": True}},
            {"neurons": {"decay": 0.7, "threshold": 0.6, "reset": "hard", "recurrent": True}},
            {"dense": {"units": 5, "bias": True}},
        ],
    }
    tensors = {**dense_tensors(0, first), "layers.1.recurrent": cell.recurrent.weight.T, **dense_tensors(2, last)}
    write("snntorch-recurrent", "snntorch", network, tensors, inputs, logits)


def channels_last(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def snntorch_conv_lstm():
    cell = snntorch.SConv2dLSTM(2, 4, 3, threshold=0.12)
    with torch.no_grad():
        cell.conv.weight.copy_(weights(*cell.conv.weight.shape, scale=0.4))
        cell.conv.bias.copy_(weights(16, scale=0.2))
    last = dense(3, 4 * 5 * 6)
    inputs, logits = spikes((2, 5, 6), 10, 0.2, 3), []
    cell_state, hidden = torch.zeros(1, 4, 5, 6), torch.zeros(1, 4, 5, 6)
    for spike in inputs:
        out, cell_state, hidden = cell(spike.unsqueeze(0), cell_state, hidden)
        logits.append(last(channels_last(out.double()))[0])
    network = {
        "input": [2, 5, 6],
        "layers": [
            {"channelsLast": {}},
            {"convLSTM": {"channels": 4, "threshold": 0.12, "attention": {"kind": "none"}}},
            {"flatten": {}},
            {"dense": {"units": 3, "bias": True}},
        ],
    }
    kernel = cell.conv.weight.permute(2, 3, 1, 0)
    bias = cell.conv.bias
    tensors = {
        "layers.1.inputWeight": kernel[:, :, :2],
        "layers.1.hiddenWeight": kernel[:, :, 2:],
        "layers.1.inputBias": bias[:4],
        "layers.1.forgetBias": bias[4:8],
        "layers.1.outputBias": bias[8:12],
        "layers.1.candidateBias": bias[12:],
        **dense_tensors(3, last),
    }
    write("snntorch-convlstm", "snntorch", network, tensors, inputs, logits)


def norse_dialects():
    box = nt.LIFBoxCell(nt.LIFBoxParameters(tau_mem_inv=torch.tensor(200.0), v_th=torch.tensor(0.3)))
    two_layers(
        "norse-lif-box", "norse", box,
        {"decay": 0.8, "inputScale": "leaky", "threshold": 0.3, "reset": "hard"},
        lambda cell, current, state: cell(current, state))
    lif = nt.LIFCell(
        nt.LIFParameters(
            tau_mem_inv=torch.tensor(250.0), tau_syn_inv=torch.tensor(400.0), v_th=torch.tensor(0.5)))
    two_layers(
        "norse-lif-current", "norse", lif,
        {"decay": 0.75, "inputScale": "leaky", "synapticDecay": 0.6, "threshold": 0.5, "reset": "hard"},
        lambda cell, current, state: cell(current, state))


def spikingjelly_conv():
    torch.manual_seed(5)
    conv = torch.nn.Conv2d(2, 6, 3, padding=1, stride=2, bias=True)
    grouped = torch.nn.Conv2d(6, 4, 2, groups=2, bias=False)
    norm = torch.nn.BatchNorm2d(6).eval()
    first = neuron.LIFNode(tau=2.0, v_threshold=0.4, v_reset=0.0)
    second = neuron.ParametricLIFNode(init_tau=1.6, decay_input=True, v_threshold=0.3, v_reset=None)
    with torch.no_grad():
        conv.weight.copy_(weights(6, 2, 3, 3, scale=0.5))
        conv.bias.copy_(weights(6, scale=0.2))
        grouped.weight.copy_(weights(4, 3, 2, 2, scale=0.6))
        norm.weight.copy_(single(torch.rand(6) + 0.5))
        norm.bias.copy_(weights(6, scale=0.3))
        norm.running_mean.copy_(weights(6, scale=0.2))
        norm.running_var.copy_(single(torch.rand(6) + 0.5))
    last = dense(3, 4 * 4 * 3)
    inputs, logits = spikes((2, 11, 9), 12, 0.25, 4), []
    for spike in inputs:
        x = torch.nn.functional.max_pool2d(first(norm(conv(spike.unsqueeze(0)))), 2, stride=1)
        x = second(grouped(x))
        logits.append(last(channels_last(torch.nn.functional.avg_pool2d(x, 1)))[0])
    decay = 1 - second.w.sigmoid()
    network = {
        "input": [2, 11, 9],
        "layers": [
            {"channelsLast": {}},
            {"conv": {"channels": 6, "kernel": 3, "padding": 1, "stride": 2, "bias": True}},
            {"batchNorm": {}},
            {"neurons": {"decay": 0.5, "inputScale": "leaky", "threshold": 0.4, "reset": "hard"}},
            {"pool": {"kind": "max", "size": 2, "stride": 1}},
            {"conv": {"channels": 4, "kernel": 2, "padding": 0, "groups": 2}},
            {"neurons": {"learnedDecay": "layer", "inputScale": "leaky", "threshold": 0.3, "reset": "soft"}},
            {"flatten": {}},
            {"dense": {"units": 3, "bias": True}},
        ],
    }
    tensors = {
        "layers.1.weight": conv.weight.permute(2, 3, 1, 0),
        "layers.1.bias": conv.bias,
        "layers.2.gain": norm.weight,
        "layers.2.shift": norm.bias,
        "layers.2.mean": norm.running_mean,
        "layers.2.variance": norm.running_var,
        "layers.5.weight": torch.stack([half.permute(2, 3, 1, 0) for half in grouped.weight.chunk(2)]),
        "layers.6.decayLogit": torch.logit(decay).reshape(1),
        **dense_tensors(8, last),
    }
    write("spikingjelly-conv", "spikingjelly", network, tensors, inputs, logits)


def spikingjelly_gradients():
    torch.manual_seed(6)
    first, last = dense(16, 12, scale=3.0), dense(5, 16)
    cell = neuron.LIFNode(tau=2.0, v_reset=0.0, surrogate_function=surrogate.ATan(alpha=2.0), detach_reset=False)
    inputs = spikes((12,), 20, 0.3, 7)
    logits = [last(cell(first(spike)).double()) for spike in inputs]
    loss = torch.nn.functional.cross_entropy(torch.stack(logits).mean(0).unsqueeze(0), torch.tensor([2]))
    loss.backward()
    network = {
        "input": [12],
        "layers": [
            {"dense": {"units": 16, "bias": True}},
            {
                "neurons": {
                    "decay": 0.5, "inputScale": "leaky", "reset": "hard", "resetDetached": False,
                    "surrogate": "arctan", "surrogateWidth": 2,
                }
            },
            {"dense": {"units": 5, "bias": True}},
        ],
    }
    gradients = {
        "layers.0.weight": first.weight.grad.T, "layers.0.bias": first.bias.grad,
        "layers.2.weight": last.weight.grad.T, "layers.2.bias": last.bias.grad,
    }
    write(
        "spikingjelly-gradients", "spikingjelly", network, {**dense_tensors(0, first), **dense_tensors(2, last)},
        inputs, logits, gradients, 2)


if __name__ == "__main__":
    import importlib.metadata

    FRAMEWORKS["spikingjelly"] = importlib.metadata.version("spikingjelly")
    torch.manual_seed(1)
    snntorch_dialects()
    snntorch_recurrent()
    snntorch_conv_lstm()
    norse_dialects()
    spikingjelly_conv()
    spikingjelly_gradients()
