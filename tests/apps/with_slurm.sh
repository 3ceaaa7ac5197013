#!/usr/bin/env bash
# with_slurm.sh COMMAND...: runs a command where a Slurm of one node, started for it alone, takes jobs; ends it afterwards.
# Exit code 77 with the reason where such a Slurm cannot start here (Debian packages slurm-wlm and munge).
set -euo pipefail

cannot() { echo "no Slurm: $*"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch squeue; do command -v $program >/dev/null || cannot "$program is not there"; done

home=$(mktemp -d)
stop() {
    for daemon in slurmd slurmctld munged; do [ ! -f "$home/$daemon.pid" ] || kill "$(cat "$home/$daemon.pid")" 2>/dev/null || true; done
    for _ in $(seq 50); do compgen -G "$home/*.pid" >/dev/null || break; sleep 0.1; done
    rm -rf "$home"
}
trap stop EXIT
mkdir "$home/state" "$home/spool"
chmod 755 "$home"
(umask 077 && head -c 1024 /dev/urandom >"$home/munge.key")
munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munged.log" --seed-file="$home/munge.seed" || cannot "munged does not start"

user=$(id -un)
port=$((20000 + $$ % 10000 * 2))
cat >"$home/slurm.conf" <<END
ClusterName=tessera
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$home/slurm.conf
slurmctld -i || cannot "slurmctld does not start: $(tail -n 1 "$home/slurmctld.log" 2>/dev/null)"
slurmd || cannot "slurmd does not start: $(tail -n 1 "$home/slurmd.log" 2>/dev/null)"
for attempt in $(seq 100); do
    [ "$(sinfo --noheader --format=%t 2>/dev/null)" != idle ] || break
    [ "$attempt" -lt 100 ] || cannot "its node does not come up: $(tail -n 1 "$home/slurmd.log" 2>/dev/null)"
    sleep 0.1
done

"$@"
