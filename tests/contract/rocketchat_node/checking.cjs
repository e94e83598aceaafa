// The list of checks, each with a name that tests/contract/test_rocketchat_node.py reads.
const checks = [];

function check(name, body) {
  checks.push({ name, body });
}

module.exports = { check, checks };
