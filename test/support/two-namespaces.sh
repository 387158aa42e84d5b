#!/usr/bin/env bash
# Runs inside a network namespace of its own (`unshare --map-root-user --net`): makes a second one, starts the gateway there, and
# calls it from here over a link between the two.
set -euo pipefail
root="$1" folder="$2" node="$3"
ip link set lo up
unshare --net sleep 300 &
far=$!
trap 'kill "$far" ${gateway:-} 2>/dev/null || true' EXIT
here="$(readlink "/proc/$$/ns/net")"
until [[ "$(readlink "/proc/$far/ns/net")" != "$here" ]]; do sleep 0.05; done
ip link add near type veth peer name far netns "$far"
ip addr add 10.77.0.1/24 dev near
ip link set near up
nsenter --target "$far" --net ip addr add 10.77.0.2/24 dev far
nsenter --target "$far" --net ip link set far up
cd "$root"
nsenter --target "$far" --net "$node" --require tsx/cjs gateway/main.ts --config "$folder/gateway.yaml" --ready "$folder/ready" >&2 &
gateway=$!
until [[ -e "$folder/ready" ]]; do
  kill -0 "$gateway"
  sleep 0.05
done
"$node" --require tsx/cjs test/support/call-far-gateway.ts "$folder/ca.pem"
