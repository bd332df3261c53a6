#!/bin/sh
# A gate before a merge, for any CI: a foreseen preview of PULUMI_STACK, and its reports in reports/preview, also where it fails. The
# exit code is that of the preview: not 0 where a mandatory policy is violated.
set -eu
: "${PULUMI_STACK:?name the stack, as in acme/shop/prod}"
exec "${GUARD:-pulumi-analyzer-dynamoguard}" preview --non-interactive --stack "$PULUMI_STACK" --report "${REPORTS:-reports}"
