package command

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"dynamoguard/indexer/internal/regular"
	"dynamoguard/internal/tables"
)

// mostKey is how long the file of a key may be. One has 119 bytes.
const mostKey = 16 << 10

// A signingKey is where the key that signs an index is.
type signingKey struct{ file, variable string }

func (k *signingKey) register(c *cobra.Command) {
	c.Flags().StringVar(&k.file, "sign", "", "file of an ed25519 private key in PEM, which signs the index")
	c.Flags().StringVar(&k.variable, "sign-env", "", "name of an environment variable that holds such a key")
}

// read returns the key, nil where there is none to sign with. An error quotes neither the key nor what was given in place
// of the name of its file or variable: that may be the key itself.
func (k signingKey) read() (ed25519.PrivateKey, error) {
	flag, text, err := "--sign", []byte(nil), error(nil)
	switch {
	case k.file != "" && k.variable != "":
		return nil, errors.New("there are two keys: --sign and --sign-env")
	case k.file != "":
		text, err = regular.Read(k.file, mostKey)
		if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
			err = pathError.Err
		}
	case k.variable != "":
		flag = "--sign-env"
		if text = []byte(os.Getenv(k.variable)); len(text) == 0 {
			err = errors.New("the variable is not set")
		}
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	key, err := tables.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: what it names %w", flag, err)
	}
	return key, nil
}

// A verifyingKey is the key that must have signed an index, "" where none must.
type verifyingKey string

func (k *verifyingKey) register(c *cobra.Command) {
	c.Flags().StringVar((*string)(k), "public-key", "",
		"ed25519 key that must have signed each index, as index.publicKey of the policy dynamoguard has it")
}

func (k verifyingKey) parse() (ed25519.PublicKey, error) {
	if k == "" {
		return nil, nil
	}
	key, err := tables.ParsePublicKey(string(k))
	if err != nil {
		return nil, fmt.Errorf("--public-key %w", err)
	}
	return key, nil
}
