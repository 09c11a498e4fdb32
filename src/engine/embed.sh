#!/bin/sh
# embed.sh TEMPLATE PAGE OUTPUT: the assembly file that carries PAGE.
sed "s|REPORT_PAGE|\"$2\"|" "$1" >"$3"
