package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"dynamoguard/internal/preview"
)

// An exitCode is what a command ends with that runs another, which has said why itself.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// ended returns what a command ends with that ran another one.
func ended(code int, err error) error {
	if err == nil && code != 0 {
		return exitCode(code)
	}
	return err
}

// isShim tells whether this program was started as the pulumi of exec.
func isShim() bool {
	name := filepath.Base(os.Args[0])
	return name == "pulumi" || strings.EqualFold(name, "pulumi.exe")
}

func streams(c *cobra.Command) preview.Streams {
	return preview.Streams{In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()}
}

func previewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "preview [flags] [flags and arguments of pulumi preview]",
		Short: "Preview a stack with what is not known yet foreseen, so that every policy document is judged",
		Long: `Run pulumi preview with this pack, and foresee what a plain preview does not know of the resources that the stack is
about to create: the ARN of a table, the id of a role. A policy document that names them is then judged before anything
is created.

What is foreseen is either determined, by what the program declares, the region and the account, or a stand-in for what AWS
makes up, such as the id of a key. A finding that rests on a stand-in is advisory at most. Nothing is created or changed;
project, stack, backend and credentials are those of pulumi preview, as are the exit code and all other flags. Refused are
--remote, which runs on another machine, and --save-plan, since the plan would hold what is foreseen.

Where the program looks up at AWS what the stack is about to create, the preview starts again with that resource left
unforeseen. So its output is shown when it has ended, but on a terminal at once.

  dynamoguard preview --stack dev --dynamoguard-config dynamoguard.json
  dynamoguard preview --foreseen --diff

Flags:
      --` + dynamoguardConfig + ` FILE   configuration of this pack, as for --policy-pack-config
      --foreseen                  list the values that were foreseen, on stderr
      --no-stand-ins              foresee only what is determined
      --report DIR                write reports on the preview to DIR/preview`,
		DisableFlagParsing: true, // they are the CLI's
		RunE: func(c *cobra.Command, args []string) error {
			options, help, err := preview.ParseOptions(args)
			if err != nil {
				return err
			}
			if help {
				_, err := fmt.Fprintln(c.OutOrStdout(), c.Long)
				return err
			}
			if options.Report != "" {
				if err := clearReports(options.Report); err != nil {
					return fmt.Errorf("--report: %w", err)
				}
			}
			return ended(preview.Run(c.Context(), options, streams(c)))
		},
	}
}

// dynamoguardConfig is the flag of preview and exec for the pack's configuration.
const dynamoguardConfig = "dynamoguard-config"

func execCommand() *cobra.Command {
	var options preview.Options
	command := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [arguments]",
		Short: "Run a command in which each pulumi preview is one of dynamoguard",
		Long: `Run a command, say make or a program of the Automation API. Each pulumi preview that it runs is made as dynamoguard preview
makes it; every other pulumi command is run as it is. The exit code is that of the command.

  dynamoguard exec --dynamoguard-config dynamoguard.json -- make preview`,
		Args: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() != 0 || len(args) == 0 {
				return fmt.Errorf("a command is missing: dynamoguard exec [flags] -- COMMAND [arguments]")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return ended(preview.Exec(options, args, streams(c)))
		},
	}
	command.Flags().StringVar(&options.Config, dynamoguardConfig, "", "configuration of this pack, as for --policy-pack-config")
	command.Flags().BoolVar(&options.NoStandIns, "no-stand-ins", false, "foresee only what is determined")
	return command
}

// guardCommand is how the program starts itself.
func guardCommand() *cobra.Command {
	return &cobra.Command{
		Use:    preview.GuardCommand,
		Short:  "Hold a temporary folder for preview and exec until they end",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return preview.Guard(c.InOrStdin(), c.OutOrStdout())
		},
	}
}
