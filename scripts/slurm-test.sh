#!/usr/bin/env bash
# Trains under Slurm on this machine: a controller and four nodes, all in one folder. A job of four ranks is
# started with `srun --mpi=pmix`, a node is killed in its middle, and the requeued job must go on from its
# checkpoint to the loss of a training that nobody disturbed. Usage: slurm-test.sh [PROGRAM]   (as root)
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-.build/release/martlet}")
scripts/install-packages.sh test
scripts/install-packages.sh slurm
scripts/python-env.sh test
python=$PWD/.venv/bin/python
folder=$(mktemp -d /tmp/martlet-slurm.XXXXXX)
nodes=4
# Everything that was started, by id.
started=()
finish() {
  status=$?
  export SLURM_CONF=$folder/slurm.conf
  scancel --full -u "$(id -un)" 2>/dev/null || true
  for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done
  sleep 1
  for id in "${started[@]}"; do kill -9 "$id" 2>/dev/null || true; done
  [ $status -eq 0 ] && rm -rf "$folder" || echo "logs are in $folder" >&2
  exit $status
}
trap finish EXIT

munge=$folder/munge
mkdir -p "$munge" "$folder/state" "$folder/run"
dd if=/dev/urandom of="$munge/key" bs=128 count=1 status=none
chmod 700 "$munge" && chmod 600 "$munge/key" && chmod 755 "$folder"
munged --force --foreground --socket="$munge/socket" --key-file="$munge/key" \
  --log-file="$munge/log" --pid-file="$munge/pid" --seed-file="$munge/seed" 2> "$munge/out" &
started+=($!)

host=$(hostname -s)
cat > "$folder/slurm.conf" <<CONF
ClusterName=martlet
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket=$munge/socket
CryptoType=crypto/munge
MpiDefault=pmix
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
ReturnToService=2
SlurmdTimeout=5
SlurmctldTimeout=10
InactiveLimit=0
KillWait=2
MinJobAge=600
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdSpoolDir=$folder/%n/spool
SlurmdPidFile=$folder/run/%n.pid
SlurmdLogFile=$folder/%n/log
TmpFS=$folder/%n/tmp
CONF
for n in $(seq $nodes); do
  mkdir -p "$folder/n$n/spool" "$folder/n$n/tmp"
  echo "NodeName=n$n NodeHostname=$host NodeAddr=127.0.0.1 Port=$((16820 + n)) CPUs=1" \
    >> "$folder/slurm.conf"
done
echo "PartitionName=all Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP" >> "$folder/slurm.conf"
export SLURM_CONF=$folder/slurm.conf
for _ in $(seq 50); do [ -S "$munge/socket" ] && break; sleep 0.1; done
slurmctld -D -f "$SLURM_CONF" > "$folder/slurmctld.out" 2>&1 &
started+=($!)
declare -A node
for n in $(seq $nodes); do
  slurmd -D -N "n$n" -f "$SLURM_CONF" > "$folder/n$n/out" 2>&1 &
  node[$n]=$!
  started+=($!)
done
for _ in $(seq 100); do [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = "$nodes" ] && break; sleep 0.2; done
[ "$(sinfo -h -t idle -o %D)" = "$nodes" ] || { sinfo; echo "the nodes do not become idle" >&2; exit 1; }

"$python" - "$folder" <<'PY'
import json, sys
import numpy as np
folder = sys.argv[1]
random = np.random.default_rng(8)
x = random.normal(size=(3000, 8)).astype(np.float32)
np.savez(folder + "/points.npz", x=x, y=(x.sum(axis=1) + 2 * random.normal(size=3000) > 0).astype(np.int64))
dense = lambda units, activation: {
    "class_name": "Dense", "config": {"units": units, "activation": activation}}
json.dump({
    "class_name": "Sequential",
    "config": {"layers": [dense(64, "relu"), dense(64, "relu"), dense(2, "softmax")]},
    "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
    "fit": {"epochs": 40, "batch_size": 32, "seed": 2, "checkpoint_steps": 20}},
    open(folder + "/spec.json", "w"))
PY
cat > "$folder/job.sh" <<JOB
#!/bin/bash
#SBATCH --nodes=$nodes --ntasks=$nodes --requeue --open-mode=append
export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_mpi_yield_when_idle=1
echo "begins, restart \${SLURM_RESTART_COUNT:-0}"
srun --mpi=pmix --kill-on-bad-exit=1 "$program" train "$folder/spec.json" --data "$folder/points.npz" \\
  --threads 1 --checkpoint "\$1/checkpoint" --output "\$1/model.onnx" && exit
# A rank that is gone ends the others. Where the node is gone too, Slurm may requeue the job by itself.
[ "\${SLURM_RESTART_COUNT:-0}" -lt 3 ] && scontrol requeue "\$SLURM_JOB_ID" && sleep 60
exit 1
JOB
submit() {
  mkdir -p "$folder/$1"
  sbatch --parsable --chdir="$folder" --output="$folder/$1/out" "$folder/job.sh" "$folder/$1"
}
state() { scontrol -o show job "$1" | grep -oE 'JobState=[A-Z_]+' | cut -d= -f2; }
await() {
  for _ in $(seq 1200); do
    case $(state "$1") in
      COMPLETED) return 0 ;;
      FAILED|CANCELLED|TIMEOUT|NODE_FAIL) break ;;
    esac
    sleep 0.25
  done
  echo "job $1 is $(state "$1"):" >&2
  for out in "$folder"/*/out; do echo "== $out"; tail -n 20 "$out"; done >&2
  return 1
}

whole=$(submit whole)
await "$whole"
disturbed=$(submit disturbed)
for _ in $(seq 1200); do
  [ "$(grep -cE '^ +[0-9]+/[0-9]+ ' "$folder/disturbed/out" 2>/dev/null)" -ge 3 ] 2>/dev/null && break
  sleep 0.05
done
echo "killing node n2 in the middle of job $disturbed: $(grep -cE '^ +[0-9]+/[0-9]+ ' "$folder/disturbed/out" || true) epochs told"
for step in $(pgrep -f "^slurmstepd: \[$disturbed\."); do
  # Those of the killed node only.
  grep -qz "SLURMD_NODENAME=n2" "/proc/$step/environ" 2>/dev/null && kill -9 "$step" || true
done
for rank in $(pgrep -f "$folder/disturbed/checkpoint"); do
  grep -qz "SLURMD_NODENAME=n2" "/proc/$rank/environ" 2>/dev/null && kill -9 "$rank" || true
done
kill -9 "${node[2]}"
sleep 8
slurmd -D -N n2 -f "$SLURM_CONF" >> "$folder/n2/out" 2>&1 &
started+=($!)
await "$disturbed"
restarts=$(grep -c '^begins' "$folder/disturbed/out")
last() { grep -E '^ +[0-9]+/[0-9]+ ' "$folder/$1/out" | tail -1 | awk '{print $2}'; }
echo "undisturbed: loss $(last whole); disturbed, begun $restarts times: loss $(last disturbed)"
[ "$restarts" -ge 2 ] || { echo "the job was not requeued" >&2; exit 1; }
awk -v a="$(last whole)" -v b="$(last disturbed)" 'BEGIN { exit !((a - b) ^ 2 < 1e-6) }' ||
  { echo "the requeued job ended with another loss" >&2; exit 1; }
