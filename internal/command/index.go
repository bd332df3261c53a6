package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/index"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// indexCommand reads the tables that the policies compare with: those of an index, or of the backend of the folder it is
// called in.
func indexCommand() *cobra.Command {
	var source, publicKey, organization string
	command := &cobra.Command{
		Use:   "index",
		Short: "Read the tables that stacks own",
		Long: `Read the tables that stacks own, as a preview would: from an index, or else from the backend that the current folder
and environment lead to, where that is a folder (file://) or Pulumi Cloud. dynamoguard-index builds an index of any
backend.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.PersistentFlags().StringVar(&source, "index", "", "path or https URL of an index")
	command.PersistentFlags().StringVar(&publicKey, "public-key", "", "ed25519 key that must have signed the index, as index.publicKey of the policy dynamoguard has it")
	command.PersistentFlags().StringVar(&organization, "organization", "", "organization, where the backend is Pulumi Cloud")
	command.AddCommand(
		&cobra.Command{
			Use:   "show",
			Short: "List all tables with the stacks that own them",
			Args:  cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return list(c, source, publicKey, organization, "*")
			},
		},
		&cobra.Command{
			Use:   "find NAME",
			Short: "Say which stacks own the tables of a name",
			Long:  "Say which stacks own the tables of a name, in which * and ? are wildcards. The exit code is 1 where no stack does.",
			Args:  cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return list(c, source, publicKey, organization, args[0])
			},
		},
	)
	return command
}

// list writes the tables that match, and what could not be read.
func list(c *cobra.Command, source, publicKey, organization, pattern string) error {
	const budget = 10 * time.Minute // a person waits, and can stop it
	var found []tables.Entry
	var unread []tables.Unread
	if publicKey != "" && source == "" {
		return errors.New("--public-key is for an index; name one with --index")
	}
	if source != "" {
		x, err := index.Open(c.Context(), source, publicKey, index.System())
		if err != nil {
			return err
		}
		found = x.Tables
		for _, stack := range x.Unread {
			unread = append(unread, tables.Unread{Reason: stack})
		}
	} else {
		l := index.Load(c.Context(), index.Settings{Budget: budget}, index.System(), organization)
		defer l.Close()
		matching := l.Matching(pattern, func(tables.Entry) bool { return true })
		found = tables.New(time.Now(), slices.Collect(matching), nil, 0).Tables
		unread = l.Unread()
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	n := 0
	for _, e := range found {
		if !glob.Match(pattern, e.Name) {
			continue
		}
		if n == 0 {
			_, _ = fmt.Fprintln(w, "TABLE\tACCOUNT\tREGION\tSTACK\tURN")
		}
		n++
		cells := []string{e.Name, cmp.Or(e.Account, "?"), cmp.Or(e.Region, "?"), e.Owner(), e.URN}
		for i, cell := range cells {
			cells[i] = text.Printable(cell)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if publicKey != "" {
		_, _ = io.WriteString(c.ErrOrStderr(), "the index is signed by this key\n")
	}
	for _, u := range unread {
		_, _ = io.WriteString(c.ErrOrStderr(), "not read: "+text.Printable(u.Reason)+"\n")
	}
	if n == 0 && pattern != "*" {
		return fmt.Errorf("no stack that was read owns a table named %s", pattern)
	}
	return nil
}
