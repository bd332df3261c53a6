package command

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"dynamoguard/internal/iam/simulate"
)

func simulateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "simulate < requests.jsonl",
		Short: "Say what IAM would decide, and what the pack would report of the documents",
		Long: `Simulate reads requests from standard input, one JSON object a line, and answers each with one line, in order: the
verdict of IAM (Allowed, ImplicitlyDenied, ExplicitlyDenied, or Invalid for a document that IAM refuses), the reasons,
and the policies of this pack that would report the documents, of those that the documents of a request decide, as they do where
nothing is configured and no date in a condition has passed:

  iam-document               any document
  iam-ineffective-statement  any document
  iam-wildcard-action        what grants: identity and resourcePolicy
  iam-unscoped-resource      identity
  iam-item-level-condition   what grants
  iam-sensitive-action       identity, within boundary; resourcePolicy
  table-resource-policy      resourcePolicy, of a table in the account that owns the resource. The key of the table, its
                             replicas and the environments of other accounts are not part of a request

The others ask about more than documents: other stacks, AWS managed policies by their ARN, tables. A line that is no request, has
a member that is not listed here, or asks for an action that DynamoDB or DAX does not have, is answered with an error, and the
rest go on.

A request has these members, of which only action is required:

  id              anything; the answer repeats it
  action          "dynamodb:GetItem"
  resource        an ARN
  principal       the ARN of who asks
  accountId       the account that owns the resource, where its ARN does not say
  identity        a list of policy documents
  resourcePolicy  the policy of the table or stream
  boundary        the permissions boundary
  session         the session policies
  scp             service control policies, by level of the organization: [{"policies": [{"policy": DOCUMENT}]}]
  rcp             resource control policies, in the same form
  context         condition keys: {"aws:username": "alice"}; aws:PrincipalArn, aws:PrincipalType, aws:PrincipalAccount,
                  aws:PrincipalIsAWSService, aws:PrincipalServiceName, aws:username,
                  aws:RequestedRegion and aws:ResourceAccount follow from the rest

Beside them it may have what a file of cases notes of a request, which is passed over: area, basis, defect, expect,
finding, findings, want and why; and a level its orgIdentifier, a policy in it its name.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return simulateLines(c.InOrStdin(), c.OutOrStdout()) },
	}
}

// simulateLines answers line by line, of whatever length. Empty lines are passed over.
func simulateLines(in io.Reader, out io.Writer) error {
	reader, writer := bufio.NewReader(in), bufio.NewWriter(out)
	for {
		line, err := reader.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			_, _ = writer.Write(append(simulate.Line(line), '\n')) // Flush returns the first error
		}
		if reader.Buffered() == 0 || err != nil {
			if flushed := writer.Flush(); flushed != nil {
				return flushed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
