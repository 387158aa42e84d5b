#!/usr/bin/env bash
# Runs inside a network namespace of its own (`unshare --map-root-user --net`), which is the first worker's. Makes one for the two gateways
# and one for the second worker, links both workers to the gateways, and has each worker do its part of a switchover in turn.
set -euo pipefail
root="$1" folder="$2" node="$3"
cd "$root"
ended=()
trap 'kill "${ended[@]}" 2>/dev/null || true' EXIT
here="$(readlink "/proc/$$/ns/net")"

# A namespace that lives as long as its sleeper, whose pid is left in `made`.
make_namespace() {
  unshare --net sleep 300 &
  made=$!
  ended+=("$made")
  until [[ "$(readlink "/proc/$made/ns/net")" != "$here" ]]; do sleep 0.05; done
  nsenter --target "$made" --net ip link set lo up
}
ip link set lo up
make_namespace
gateways=$made
make_namespace
second=$made

ip link add near type veth peer name far netns "$gateways"
ip addr add 10.77.0.1/24 dev near
ip link set near up
for address in 10.77.0.2/24 10.77.0.3/24; do nsenter --target "$gateways" --net ip addr add "$address" dev far; done
nsenter --target "$gateways" --net ip link set far up
nsenter --target "$second" --net ip link add near type veth peer name other netns "$gateways"
nsenter --target "$second" --net ip addr add 10.78.0.1/24 dev near
nsenter --target "$second" --net ip link set near up
nsenter --target "$gateways" --net ip addr add 10.78.0.2/24 dev other
nsenter --target "$gateways" --net ip link set other up
nsenter --target "$second" --net ip route add 10.77.0.0/24 via 10.78.0.2

for name in first second; do
  nsenter --target "$gateways" --net "$node" --require tsx/cjs gateway/main.ts --config "$folder/$name/gateway.yaml" --ready "$folder/$name/ready" >&2 &
  ended+=("$!")
done
for name in first second; do
  until [[ -e "$folder/$name/ready" ]]; do
    kill -0 "${ended[@]}"
    sleep 0.05
  done
done
"$node" --require tsx/cjs test/support/call-far-gateway.ts "$folder/ca.pem" hold
nsenter --target "$second" --net "$node" --require tsx/cjs test/support/call-far-gateway.ts "$folder/ca.pem" apply
