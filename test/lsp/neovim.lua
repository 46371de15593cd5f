-- Opens a Python file in Neovim, waits for Groundrules, applies a code action and prints what became of it as JSON.
-- Written for the API of Neovim 0.7, which later versions still have. Arguments come in the environment.
local file = assert(os.getenv('GROUNDRULES_FILE'))
local node = assert(os.getenv('GROUNDRULES_NODE'))
local server = assert(os.getenv('GROUNDRULES_SERVER'))
local encode = vim.json and vim.json.encode or vim.fn.json_encode

local function report(result)
  io.stdout:write(encode(result) .. '\n')
  vim.cmd('qall!')
end

local function main()
  vim.cmd('edit ' .. vim.fn.fnameescape(file))
  local buffer = vim.api.nvim_get_current_buf()
  local exit_code
  local id = assert(vim.lsp.start_client({
    name = 'groundrules',
    cmd = { node, server, '--stdio' },
    root_dir = vim.fn.fnamemodify(file, ':h'),
    -- Early versions cannot be asked for settings, later ones are.
    init_options = { settings = { select = { 'GR402' } } },
    settings = { groundrules = { select = { 'GR402' } } },
    on_exit = function(code)
      exit_code = code
    end,
  }))
  vim.lsp.buf_attach_client(buffer, id)

  local function wait(holds, what)
    if vim.wait(10000, holds, 20) then
      return
    end
    local messages = {}
    for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
      table.insert(messages, diagnostic.message)
    end
    error('waited in vain for ' .. what .. '; diagnostics: ' .. table.concat(messages, ' '))
  end
  local function diagnostics()
    return vim.diagnostic.get(buffer)
  end
  wait(function()
    return #diagnostics() > 0
  end, 'diagnostics')
  local found = diagnostics()[1]

  local client = vim.lsp.get_client_by_id(id)
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    range = {
      start = { line = found.lnum, character = found.col },
      ['end'] = { line = found.lnum, character = found.col },
    },
    context = { diagnostics = {} },
  }
  local answer = assert(client.request_sync('textDocument/codeAction', params, 10000, buffer))
  local actions = assert(answer.result)
  vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
  wait(function()
    return #diagnostics() == 0
  end, 'the diagnostic to go')

  -- Typing brings it back: insert mode, as a person would.
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, 0 })
  vim.cmd('normal! ccexcept:')
  wait(function()
    return #diagnostics() == 1
  end, 'the diagnostic to come back')
  vim.cmd('normal! ccexcept Exception:')
  wait(function()
    return #diagnostics() == 0
  end, 'the diagnostic to go again')

  local text = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  client.stop()
  wait(function()
    return exit_code ~= nil
  end, 'the server to end')
  report({
    diagnostic = {
      line = found.lnum,
      column = found.col,
      code = found.code or found.user_data and found.user_data.lsp and found.user_data.lsp.code,
      source = found.source,
      severity = found.severity,
      message = found.message,
    },
    title = actions[1].title,
    text = text,
    exitCode = exit_code,
  })
end

local ok, problem = pcall(main)
if not ok then
  report({ problem = tostring(problem) })
end
