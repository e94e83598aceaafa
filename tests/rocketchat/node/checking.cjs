// The list of checks, each with a name that tests/rocketchat/test_node_clients.py reads.
const checks = [];

function check(name, body) {
  checks.push({ name, body });
}

module.exports = { check, checks };
