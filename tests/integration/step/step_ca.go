// A real step-ca for tests: smallstep's certificate authority, as Debian has it
// as a library, behind the shortest main of our own.
package main

import (
	"log"
	"os"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/ca"
)

func main() {
	settings, err := config.LoadConfiguration(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server, err := ca.New(settings, ca.WithConfigFile(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Run())
}
