#!/bin/sh
# A gate before a merge, for any CI: a foreseen preview of PULUMI_STACK, and its reports in the folder reports, also where it fails.
# The exit code is that of the preview; where the preview passes and a report could not be written, it is that of the report.
set -u
: "${PULUMI_STACK:?name the stack, as in acme/shop/prod}"
guard=${GUARD:-pulumi-analyzer-dynamoguard}

mkdir -p reports && rm -f reports/events.jsonl || exit
# The CLI has --event-log only with PULUMI_DEBUG_COMMANDS.
PULUMI_DEBUG_COMMANDS=1 "$guard" preview --non-interactive --stack "$PULUMI_STACK" --event-log reports/events.jsonl
preview=$?

[ -s reports/events.jsonl ] || exit "$preview" # it did not come to a run
"$guard" report --events reports/events.jsonl --fail-on none --sources . \
  --format json --output reports/dynamoguard.json \
  --format junit --output reports/junit.xml \
  --format sarif --output reports/dynamoguard.sarif \
  --format markdown --output reports/dynamoguard.md
report=$?

[ "$preview" -ne 0 ] && exit "$preview"
exit "$report"
