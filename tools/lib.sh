# Shell functions behind ./dev: what the machine needs, and the build. Sourced with the repository as working directory.

say() { echo "dev: $*" >&2; }
fail() { say "$*"; exit 1; }

# Runs a command whose output matters only when it fails.
quietly()
{
    quiet_log=$(mktemp)
    if "$@" >"$quiet_log" 2>&1 </dev/null; then
        rm -f "$quiet_log"
    else
        cat "$quiet_log" >&2
        rm -f "$quiet_log"
        fail "this failed, the output is above: $*"
    fi
}

# Runs a program at the same addresses each time, where the system lets it: the sanitizers of gcc 12 and clang 14 cannot
# live with as much randomness as newer kernels use.
at_fixed_addresses()
{
    if setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

# ---- Debian packages -------------------------------------------------------------------------------------------------

# The packages of the groups in "$@" that are not installed yet.
missing_packages()
{
    wanted=
    for group in "$@"; do
        for package in $(sed -n "s/^$group //p" tools/packages); do
            case $package in
                *=*) command -v "${package%%=*}" >/dev/null || echo "${package#*=}" ;;
                *) wanted="$wanted $package" ;;
            esac
        done
    done
    [ -z "$wanted" ] && return
    # shellcheck disable=SC2086
    installed=" $(dpkg-query -W -f='${db:Status-Status}/${Package} ' $wanted 2>/dev/null || true) "
    for package in $wanted; do
        case $installed in
            *" installed/$package "*) ;;
            *) echo "$package" ;;
        esac
    done
}

as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo here; run as root: $*"
    fi
}

apt_install()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false \
        -y -qq install "$@" </dev/null
}

# Lists are fetched only when there are none or they are too old to install from.
need_packages()
{
    missing=$(missing_packages build "$@" | sort -u | tr '\n' ' ')
    [ -z "$missing" ] && return
    command -v apt-get >/dev/null || fail "this machine has no apt-get; install what tools/packages lists: $missing"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "packages are missing, and there is no sudo here; run as root: apt-get install $missing"
    say "installing $missing"
    mkdir -p .cache
    log=.cache/apt.log
    # shellcheck disable=SC2086
    if ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 && apt_install $missing >"$log" 2>&1; then
        return
    fi
    as_root apt-get -o DPkg::Lock::Timeout=300 -qq update >"$log" 2>&1 && apt_install $missing >>"$log" 2>&1 && return
    tail -n 30 "$log" >&2
    fail "Debian's packages could not be installed; the whole output is in $log"
}

# ---- DuckDB ----------------------------------------------------------------------------------------------------------

# As meson.build looks for it: a library that the system offers comes first.
system_duckdb()
{
    pkg-config --exists duckdb 2>/dev/null && return
    echo '#include <duckdb.h>
int main(void) { return !duckdb_library_version(); }' | cc -x c - -lduckdb -o /dev/null 2>/dev/null
}

# Fetches package $1 at version $2 with checksum $3 and unpacks file $4 of it to $5.
npm_file()
{
    mkdir -p .cache/npm
    archive=$(cd .cache/npm && npm pack --silent "$1@$2") || fail "npm could not fetch $1 $2"
    python3 tools/check-integrity ".cache/npm/$archive" "$3"
    mkdir -p "$(dirname "$5")"
    tar -xzOf ".cache/npm/$archive" "package/$4" >"$5.part"
    mv "$5.part" "$5"
    rm -f ".cache/npm/$archive"
}

need_duckdb()
{
    header=.cache/duckdb/include/duckdb.h
    library=.cache/duckdb/lib/libduckdb.so
    if cmp -s tools/npm-packages .cache/duckdb/npm-packages && [ -f $header ] && [ -f $library ]; then
        return
    fi
    system_duckdb && return
    say "fetching DuckDB"
    machine=$(uname -m)
    grep -q "^$machine " tools/npm-packages ||
        fail "npm has no DuckDB library for $machine in tools/npm-packages; install libduckdb system-wide and try again"
    while read -r on package version checksum; do
        case $on in
            "$machine") npm_file "$package" "$version" "$checksum" libduckdb.so $library ;;
            any) npm_file "$package" "$version" "$checksum" src/duckdb/src/include/duckdb.h $header ;;
        esac
    done <tools/npm-packages
    cp tools/npm-packages .cache/duckdb/npm-packages
}

# ---- the build -------------------------------------------------------------------------------------------------------

# The report's page is built before the library, which carries it inside.
build_web()
{
    [ -f web/package.json ] || return 0
    if [ ! -f web/node_modules/.installed ] || [ web/package-lock.json -nt web/node_modules/.installed ]; then
        say "fetching the page's npm packages"
        # Debian 12's own npm cannot read the replacement of rollup in package.json; then a pinned npm does it.
        (
            export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
            (cd web && npm ci --no-audit --no-fund >/dev/null 2>&1) || {
                quietly npm install --no-save --no-audit --no-fund --prefix .cache/npm npm@9.9.4
                npm=$PWD/.cache/npm/node_modules/npm/bin/npm-cli.js
                cd web && quietly node "$npm" ci --no-audit --no-fund
            }
        )
        [ -x web/node_modules/.bin/vite ] || fail "the page's npm packages are not there"
        touch web/node_modules/.installed
    fi
    page=web/dist/report.html
    if [ ! -f $page ] || [ -n "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer $page -print)" ]; then
        say "building the page"
        (cd web && quietly npm run build)
        touch $page
    fi
}

# Sets up folder $1 with meson options "$@" if it is new, and builds it. Quiet unless something is wrong.
build_folder()
{
    folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        rm -rf "$folder"
        quietly meson setup "$folder" "$@"
    fi
    quiet_log=$(mktemp)
    if ninja --quiet -C "$folder" >"$quiet_log" 2>&1; then
        ! grep -q 'warning:' "$quiet_log" || cat "$quiet_log" >&2
        rm -f "$quiet_log"
    else
        cat "$quiet_log" >&2
        rm -f "$quiet_log"
        fail "the build in $folder failed; the messages are above"
    fi
}

build_all()
{
    web=yes
    [ "${1:-}" = --no-web ] && { web=no; shift; }
    need_packages build
    mkdir -p .cache
    need_duckdb
    if [ $web = yes ]; then
        build_web
    elif [ ! -f web/dist/report.html ]; then
        mkdir -p web/dist
        touch -d @0 web/dist/report.html # an empty page, older than its sources, so that the next full build makes it
    fi
    build_folder build "$@"
    ln -sf src/strata build/strata
}

install_all()
{
    prefix=${1:-/usr/local}
    case $prefix in
        /*) ;;
        *) prefix=$PWD/$prefix ;;
    esac
    meson configure build --prefix "$prefix"
    if [ -w "$prefix" ] || { [ ! -e "$prefix" ] && [ -w "$(dirname "$prefix")" ]; }; then
        meson install -C build
    else
        as_root meson install -C "$PWD/build"
    fi
}

# Runs a script that may not be there yet.
exec_script()
{
    [ -x "$1" ] || fail "$1 does not exist yet"
    exec "$@"
}
